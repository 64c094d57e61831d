import type { ISession, ISessionStore } from './session-store.js';

const SESSIONS = 20_000;

/** Sessions of one process: they end with it. */
export class MemorySessionStore implements ISessionStore {
  async keep(session: ISession): Promise<void> {
    this.sessions.set(session.id, session);
    // A map keeps the order in which keys came, so the first is the oldest.
    for (const id of this.sessions.keys()) {
      if (this.sessions.size <= SESSIONS) {
        break;
      }
      this.sessions.delete(id);
    }
  }

  async renew(session: ISession): Promise<boolean> {
    if (!this.sessions.has(session.id)) {
      return false;
    }
    this.sessions.set(session.id, session);
    return true;
  }

  async find(id: string, nowMs: number): Promise<ISession | null> {
    const session = this.sessions.get(id);
    if (session && session.endsAtMs <= nowMs) {
      this.sessions.delete(id);
      return null;
    }
    return session ?? null;
  }

  async end(id: string): Promise<void> {
    this.sessions.delete(id);
  }

  private readonly sessions = new Map<string, ISession>();
}
