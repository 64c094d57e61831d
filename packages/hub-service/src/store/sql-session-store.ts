import * as v from 'valibot';
import type { ISession, ISessionStore } from '../people/session-store.js';
import { TokenSeal } from '../tickets/token-seal.js';
import type { IDatabase } from './database.js';

const Kept = v.strictObject({
  token: v.string(),
  person: v.strictObject({
    hub: v.string(),
    name: v.string(),
    groups: v.array(v.string()),
    scopes: v.array(v.string())
  }),
  formToken: v.string(),
  checkedAtMs: v.number()
});

/** Sessions in the database: they outlive the process, and all replicas know them. */
export class SqlSessionStore implements ISessionStore {
  /**
   * @param key - 32 bytes of this purpose alone, the same for all replicas and not in the database: who reads a copy of it
   * has nobody's token.
   * @param nowMs - epoch ms.
   */
  constructor(
    private readonly database: IDatabase,
    key: Uint8Array,
    private readonly nowMs: () => number
  ) {
    this.seal = new TokenSeal(key);
  }

  async keep(session: ISession): Promise<void> {
    const { write } = this.database;
    // Few people sign in, so this is often enough to keep what has ended from heaping up.
    await write.deleteFrom('session').where('ends_at_ms', '<=', this.nowMs()).execute();
    await write
      .insertInto('session')
      .values({
        id: session.id,
        sealed: this.close(session),
        ends_at_ms: session.endsAtMs,
        person: session.person.name,
        hub: session.person.hub
      })
      .execute();
  }

  async renew(session: ISession): Promise<boolean> {
    const { numUpdatedRows } = await this.database.write
      .updateTable('session')
      .set({ sealed: this.close(session) })
      .where('id', '=', session.id)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async find(id: string, nowMs: number): Promise<ISession | null> {
    const row = await this.database.read
      .selectFrom('session')
      .selectAll()
      .where('id', '=', id)
      .where('ends_at_ms', '>', nowMs)
      .executeTakeFirst();
    return row ? this.open(row.id, row.sealed, Number(row.ends_at_ms)) : null;
  }

  async end(id: string): Promise<void> {
    await this.database.write.deleteFrom('session').where('id', '=', id).execute();
  }

  /** The id is in what is encrypted: a row that was copied over another's is nobody's session. */
  private close({ id, token, person, formToken, checkedAtMs }: ISession): string {
    const { hub, name, groups, scopes } = person;
    const kept = { token, person: { hub, name, groups, scopes }, formToken, checkedAtMs };
    return this.seal.close(JSON.stringify([id, kept]));
  }

  /** null = it was not written by this service, or under a secret that is no longer in use: it is as good as ended. */
  private open(id: string, sealed: string, endsAtMs: number): ISession | null {
    let opened: unknown;
    try {
      opened = JSON.parse(this.seal.open(sealed));
    } catch {
      return null;
    }
    const read = v.safeParse(v.strictTuple([v.literal(id), Kept]), opened);
    return read.success ? { id, endsAtMs, ...read.output[1] } : null;
  }

  private readonly seal: TokenSeal;
}
