import type { IHubPerson } from './hub-identity.js';

/** One browser that has signed in. */
export interface ISession {
  /** Fingerprint of the id that stands in the cookie: who reads the store gets no session. */
  readonly id: string;
  /** The hub's token of this person. It leaves the service only towards JupyterHub. */
  readonly token: string;
  readonly person: IHubPerson;
  /** Forms must bring it back. */
  readonly formToken: string;
  /** When JupyterHub last said who it is, epoch ms. */
  readonly checkedAtMs: number;
  /** When it ends in any case, epoch ms. */
  readonly endsAtMs: number;
}

/** A sign-in that has begun: the browser is at JupyterHub. */
export interface IPendingLogin {
  /** Fingerprint of the state that travels through JupyterHub. */
  readonly id: string;
  /** Fingerprint of what only this browser has, in a cookie. */
  readonly browser: string;
  /** PKCE. */
  readonly verifier: string;
  /** Where to go afterwards: a path of ours. */
  readonly next: string;
  readonly endsAtMs: number;
}

/** Where sessions and begun sign-ins are kept. With several replicas it is the database. */
export interface ISessionStore {
  /** Keeps a session, or a newer state of it. */
  keep(session: ISession): Promise<void>;
  /** null = there is none, or it has ended. */
  find(id: string, nowMs: number): Promise<ISession | null>;
  end(id: string): Promise<void>;
  begin(login: IPendingLogin): Promise<void>;
  /** Takes a begun sign-in out: the second taker gets null. */
  take(id: string, nowMs: number): Promise<IPendingLogin | null>;
}
