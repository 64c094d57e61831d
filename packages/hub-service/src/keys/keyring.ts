import type { Kysely } from 'kysely';
import type { DatabaseKind } from '../store/database.js';
import type { ITables } from '../store/tables.js';
import type { MasterKey } from './master-key.js';

/** The master keys that this process can use: its own, and while that is replaced the other one. */
export class Keyring {
  constructor(
    private readonly kind: DatabaseKind,
    readonly own: MasterKey
  ) {
    this.known.set(own.id, own);
  }

  /** Another one that this process was given. */
  add(key: MasterKey): void {
    this.known.set(key.id, key);
  }

  /** null = it was neither given nor handed over. */
  async find(db: Kysely<ITables>, id: string): Promise<MasterKey | null> {
    const known = this.known.get(id);
    if (known) {
      return known;
    }
    const rows = await db
      .selectFrom('master_key_handover')
      .select(['under_id', 'sealed'])
      .where('id', '=', id)
      .where('under_id', 'in', [...this.known.keys()])
      .execute();
    const [row] = rows;
    const key = row && this.known.get(row.under_id)?.openMaster(id, row.sealed);
    if (!key) {
      return null;
    }
    this.known.set(id, key);
    return key;
  }

  /** @throws Error with one sentence. */
  async get(db: Kysely<ITables>, id: string): Promise<MasterKey> {
    const key = await this.find(db, id);
    if (!key) {
      throw new Error(
        `A key in the database is sealed with the master key ${id}, and this process has only ${[...this.known.keys()].join(' and ')}: give it the one that is in use, and start it again.`
      );
    }
    return key;
  }

  /**
   * What seals from now on. Until the transaction ends nobody puts another in its place: nothing is sealed with a key that
   * was given up.
   *
   * @param db - a transaction.
   */
  async current(db: Kysely<ITables>): Promise<MasterKey> {
    const query = db.selectFrom('master_key').select('id');
    const { id } = await (this.kind === 'postgres' ? query.forShare() : query).executeTakeFirstOrThrow();
    return this.get(db, id);
  }

  private readonly known = new Map<string, MasterKey>();
}

/** Which master key seals; null = none ever did. */
export async function currentMasterId(db: Kysely<ITables>): Promise<string | null> {
  const row = await db.selectFrom('master_key').select('id').executeTakeFirst();
  return row?.id ?? null;
}
