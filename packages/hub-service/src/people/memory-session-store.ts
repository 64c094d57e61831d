import type { IPendingLogin, ISession, ISessionStore } from './session-store.js';

/** Anybody may begin a sign-in, so their number has an end; the oldest goes. */
const LOGINS = 50_000;
const SESSIONS = 20_000;

/** Sessions of one process: they end with it. */
export class MemorySessionStore implements ISessionStore {
  async keep(session: ISession): Promise<void> {
    put(this.sessions, session, SESSIONS);
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

  async begin(login: IPendingLogin): Promise<void> {
    put(this.logins, login, LOGINS);
  }

  async take(id: string, nowMs: number): Promise<IPendingLogin | null> {
    const login = this.logins.get(id);
    this.logins.delete(id);
    return login && login.endsAtMs > nowMs ? login : null;
  }

  private readonly sessions = new Map<string, ISession>();
  private readonly logins = new Map<string, IPendingLogin>();
}

/** A map keeps the order in which keys came, so the first is the oldest. */
function put<Entry extends { readonly id: string }>(
  map: Map<string, Entry>,
  entry: Entry,
  most: number
): void {
  map.set(entry.id, entry);
  for (const id of map.keys()) {
    if (map.size <= most) {
      break;
    }
    map.delete(id);
  }
}
