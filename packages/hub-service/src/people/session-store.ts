import type { IHubPerson } from './hub-identity.js';

/** One browser that has signed in. */
export interface ISession {
  /** Fingerprint of the id that stands in the cookie: who reads the store gets no session. */
  readonly id: string;
  /** The hub's token of this person. It leaves the service only towards JupyterHub. */
  readonly token: string;
  readonly person: IHubPerson;
  /** The hub's name where there are several, for pages. */
  readonly at?: string;
  /** Forms must bring it back. */
  readonly formToken: string;
  /** When JupyterHub last said who it is, epoch ms. */
  readonly checkedAtMs: number;
  /** When it ends in any case, epoch ms. */
  readonly endsAtMs: number;
}

/** Where sessions are kept. With several replicas it is the database. */
export interface ISessionStore {
  /** Keeps a new session. */
  keep(session: ISession): Promise<void>;
  /** Keeps a newer state of a session. @returns false - it has ended meanwhile, and stays so. */
  renew(session: ISession): Promise<boolean>;
  /** null = there is none, or it has ended. */
  find(id: string, nowMs: number): Promise<ISession | null>;
  end(id: string): Promise<void>;
}
