import type { Kysely } from 'kysely';
import type { IDatabase } from '../store/database.js';
import type { ITables } from '../store/tables.js';
import type { Keyring } from './keyring.js';
import type { IKeyPlace } from './rotate-key.js';

/** The service's own keys in the database, sealed by the master key, so that replicas share no folder. */
export class SealedSecrets implements IKeyPlace {
  /** @param db - for everything but `swap` a transaction may be given in its place. */
  constructor(
    private readonly db: Kysely<ITables>,
    private readonly keyring: Keyring
  ) {}

  /** null = there is none of this name. @throws Error with one sentence, when it cannot be opened. */
  async read(name: string): Promise<Buffer | null> {
    return this.readIn(this.db, name);
  }

  async put(name: string, content: Buffer): Promise<void> {
    const master = await this.keyring.current(this.db);
    await this.db
      .insertInto('sealed_secret')
      .values({ name, master_id: master.id, sealed: master.seal(secretName(name), content) })
      .execute();
  }

  async swap(name: string, keptAs: string, other: string): Promise<void> {
    await this.db.transaction().execute(async db => {
      const master = await this.keyring.current(db);
      const [old, next] = [await this.readIn(db, name), await this.readIn(db, other)];
      if (!old || !next) {
        throw new Error(`The database has no key ${old ? other : name}: restore it from a backup.`);
      }
      const row = (as: string, content: Buffer) => ({
        name: as,
        master_id: master.id,
        sealed: master.seal(secretName(as), content)
      });
      await db
        .insertInto('sealed_secret')
        .values(row(keptAs, old))
        // Of a try before.
        .onConflict(conflict => conflict.doNothing())
        .execute();
      await db.updateTable('sealed_secret').set(row(name, next)).where('name', '=', name).execute();
    });
  }

  private async readIn(db: Kysely<ITables>, name: string): Promise<Buffer | null> {
    const row = await db.selectFrom('sealed_secret').selectAll().where('name', '=', name).executeTakeFirst();
    if (!row) {
      return null;
    }
    const master = await this.keyring.get(db, row.master_id);
    try {
      return master.open(secretName(name), row.sealed);
    } catch (cause) {
      throw new Error(`The key ${name} in the database was altered: restore it from a backup.`, { cause });
    }
  }
}

/** Seals with the master key that is in use what another sealed. @returns how many there were. */
export async function resealSecrets(database: IDatabase, keyring: Keyring): Promise<number> {
  return database.write.transaction().execute(async db => {
    const master = await keyring.current(db);
    const rows = await db
      .selectFrom('sealed_secret')
      .selectAll()
      .where('master_id', '!=', master.id)
      .execute();
    for (const { name, master_id, sealed } of rows) {
      const content = (await keyring.get(db, master_id)).open(secretName(name), sealed);
      await db
        .updateTable('sealed_secret')
        .set({ master_id: master.id, sealed: master.seal(secretName(name), content) })
        .where('name', '=', name)
        .where('sealed', '=', sealed)
        .execute();
    }
    return rows.length;
  });
}

const secretName = (name: string): string => `service ${name}`;
