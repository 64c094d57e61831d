/** Names of our cookies. `__Host-` lets no sibling host plant one, but browsers take it over https only. */
export interface ICookieNames {
  readonly session: string;
  /** Begins the name of the cookie of a begun sign-in; each has its own, so that two tabs can sign in at once. */
  readonly login: string;
}

export function cookieNames(secure: boolean): ICookieNames {
  const prefix = secure ? '__Host-' : '';
  return { session: `${prefix}labkeeper-session`, login: `${prefix}labkeeper-login-` };
}
