import { mayEnter } from './audit-right.js';
import type { LoginSeal } from './login-seal.js';
import { nextPath } from './next-path.js';
import type { IPeopleHub } from './people-hubs.js';
import { fingerprint, newSecret, type RandomBytes, sameSecret } from './secrets.js';
import type { ISessionStore } from './session-store.js';

export interface ISignInOptions {
  readonly store: ISessionStore;
  readonly seal: LoginSeal;
  readonly random: RandomBytes;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** How long a begun sign-in may take, in ms: the hub's code lives half as long. */
export const LOGIN_MS = 600_000;
/** How long a session lasts at most, in ms. A new one is how rights that came later are seen. */
export const SESSION_MS = 12 * 3_600_000;

/** The way to JupyterHub: what the browser keeps, and where it goes. */
export interface IDeparture {
  /** Distinguishes sign-ins of the same browser. */
  readonly name: string;
  /** What this browser keeps, and nobody else has. */
  readonly browser: string;
  readonly location: string;
}

/** The way back. */
export type Arrival =
  | { readonly kind: 'in'; readonly sessionId: string; readonly next: string }
  /** It took too long, was used before, or began in another browser. */
  | { readonly kind: 'stale' }
  /** JupyterHub said no. */
  | { readonly kind: 'refused' };

/** Signing in through JupyterHub: OAuth 2 with PKCE, as `facts/hub.md` §1.3 found it. */
export class SignIn {
  constructor(private readonly options: ISignInOptions) {}

  /** Begins a sign-in at a hub that ends at `next`. */
  depart({ settings }: IPeopleHub, next: unknown): IDeparture {
    const { seal, random, nowMs } = this.options;
    const state = newSecret(random, 16);
    const verifier = newSecret(random, 32);
    const browser = seal.close({
      hub: settings.hub,
      state: fingerprint(state),
      verifier,
      next: nextPath(next, settings.origin),
      endsAtMs: nowMs() + LOGIN_MS
    });
    // No `scope`: the default is what the administrator allows this client.
    const query = new URLSearchParams({
      client_id: settings.clientId,
      redirect_uri: settings.redirectUri,
      response_type: 'code',
      state,
      code_challenge: fingerprint(verifier),
      code_challenge_method: 'S256'
    });
    return {
      name: loginName(state),
      browser,
      location: `${settings.hubUrl}api/oauth2/authorize?${query.toString()}`
    };
  }

  /**
   * Ends a sign-in, only in the browser where it began, and at the address of the hub where it began. Once: JupyterHub takes
   * each code back once.
   *
   * @param hub - whose address it is.
   * @param code - null: JupyterHub sent an error instead.
   * @param browserOf - what the browser keeps under a sign-in's name.
   */
  async arrive(
    { settings, identity }: IPeopleHub,
    state: string,
    code: string | null,
    browserOf: (name: string) => string | undefined
  ): Promise<Arrival> {
    const { store, seal, random, nowMs } = this.options;
    const login = seal.open(browserOf(loginName(state)));
    if (
      login === null ||
      login.hub !== settings.hub ||
      login.endsAtMs <= nowMs() ||
      !sameSecret(fingerprint(state), login.state)
    ) {
      return { kind: 'stale' };
    }
    const token = code === null ? null : await identity.exchange(code, login.verifier);
    const person = token === null ? null : await identity.whoami(token);
    if (token === null || person === null || !mayEnter(person, settings.serviceName)) {
      return { kind: 'refused' };
    }
    const sessionId = newSecret(random, 32);
    await store.keep({
      id: fingerprint(sessionId),
      token,
      person,
      formToken: newSecret(random, 32),
      checkedAtMs: nowMs(),
      endsAtMs: nowMs() + SESSION_MS
    });
    return { kind: 'in', sessionId, next: login.next };
  }
}

/** Of a state's fingerprint, so that the cookie's name does not tell the state. */
function loginName(state: string): string {
  return fingerprint(state).slice(0, 12);
}
