import { mayEnter } from './audit-right.js';
import type { PeopleHubs } from './people-hubs.js';
import { fingerprint } from './secrets.js';
import type { ISession, ISessionStore } from './session-store.js';

export interface ISessionCheckOptions {
  readonly hubs: PeopleHubs;
  readonly store: ISessionStore;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** How long JupyterHub's word about somebody counts for reading, in ms. */
export const TRUST_MS = 30_000;

/** Whose session it is, as JupyterHub says now. */
export class SessionCheck {
  constructor(private readonly options: ISessionCheckOptions) {}

  /**
   * The session of a cookie. It dies with the hub's: whoever signs out there, or is removed, is out here at the next
   * question, which comes at the latest `TRUST_MS` after the last.
   *
   * @param trustMs - for how long JupyterHub's word counts: 0 asks now, for what changes something; Infinity never asks,
   * for who only wants out.
   * @returns null - there is none, or no longer.
   * @throws HubUnavailableError when JupyterHub must be asked and does not answer.
   */
  async find(sessionId: string | undefined, trustMs = TRUST_MS): Promise<ISession | null> {
    const { store, nowMs } = this.options;
    const kept = sessionId ? await store.find(fingerprint(sessionId), nowMs()) : null;
    if (kept === null) {
      return null;
    }
    const { hubs } = this.options;
    if (hubs.get(kept.person.hub) === undefined) {
      // It is trusted no longer, which the act that says so ends it by; or not yet by this replica.
      return null;
    }
    const session = hubs.isSeveral ? { ...kept, at: kept.person.hub } : kept;
    // Its absolute value: where the clock was set back, what is known is of no known age.
    if (Math.abs(nowMs() - session.checkedAtMs) < trustMs) {
      return session;
    }
    return trustMs === 0 ? this.ask(session) : this.askOnce(session);
  }

  /** Ends the session of a cookie. */
  async end(sessionId: string | undefined): Promise<void> {
    if (sessionId) {
      await this.options.store.end(fingerprint(sessionId));
    }
  }

  /** Ten tabs that open at once are one question. */
  private askOnce(session: ISession): Promise<ISession | null> {
    const running = this.asked.get(session.id);
    if (running) {
      return running;
    }
    const asking = this.ask(session).finally(() => this.asked.delete(session.id));
    this.asked.set(session.id, asking);
    return asking;
  }

  private async ask(session: ISession): Promise<ISession | null> {
    const { hubs, store, nowMs } = this.options;
    // What JupyterHub says is as old as the question.
    const checkedAtMs = nowMs();
    // Her own hub alone is asked.
    const hub = hubs.get(session.person.hub);
    if (hub === undefined) {
      return null;
    }
    const person = await hub.identity.whoami(session.token);
    if (person === null || !mayEnter(person, hub.settings.serviceName)) {
      await store.end(session.id);
      return null;
    }
    const checked = { ...session, person, checkedAtMs };
    // Somebody may have signed out meanwhile, at another replica too.
    return (await store.renew(checked)) ? checked : null;
  }

  private readonly asked = new Map<string, Promise<ISession | null>>();
}
