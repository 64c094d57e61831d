/** A person, as JupyterHub says at this moment. */
export interface IHubPerson {
  /** At which hub: the same name at another is somebody else, and rights there are none here. */
  readonly hub: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** What the token may, expanded by JupyterHub but for filters of our own scopes. */
  readonly scopes: readonly string[];
}

/** What is asked of JupyterHub about people who come with a browser. */
export interface IHubIdentity {
  /**
   * Trades the code of a sign-in for a token of the person.
   *
   * @returns null - JupyterHub does not take the code: it was used, is too old, or belongs to another sign-in.
   * @throws HubUnavailableError
   */
  exchange(code: string, verifier: string): Promise<string | null>;
  /**
   * Whose token it is.
   *
   * @returns null - nobody's any more: the person signed out, was removed, or the token was.
   * @throws HubUnavailableError
   */
  whoami(token: string): Promise<IHubPerson | null>;
}
