import { sql, type Kysely } from 'kysely';
import type { IDatabase } from '../store/database.js';
import type { ITables } from '../store/tables.js';

/** Tables with keys, few and small rows each. */
export type KeyTable = keyof Pick<ITables, 'person_key' | 'sealed_secret' | 'master_key_handover'>;

export const KEY_TABLES: readonly KeyTable[] = ['person_key', 'sealed_secret', 'master_key_handover'];

/** Longest that others wait for the old rows to go, in ms. */
const SCRUB_MS = 3000;
/** How many times rows that are left are looked for. */
const LOOKS = 4;

/**
 * Takes what keys of before left behind out of the database's own files: rows that were replaced or deleted, and samples of them
 * in PostgreSQL's statistics. Copies, archives and PostgreSQL's log of before still have them.
 *
 * @throws where something holds a table for long, or may still see the old rows, such as a backup.
 */
export async function scrubKeys(
  database: IDatabase,
  tables: readonly KeyTable[] = KEY_TABLES
): Promise<void> {
  if (database.kind === 'sqlite') {
    const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(database.write);
    if (rows[0]?.busy !== 0) {
      throw new Error('another process reads the database');
    }
    return;
  }
  await database.write.connection().execute(async db => {
    await sql.raw(`set lock_timeout = ${SCRUB_MS}`).execute(db);
    try {
      for (const table of tables) {
        // The first one takes rows away that only transactions of other databases could see, which the second one keeps. It leaves
        // their bytes where they were; the second one writes the table anew.
        await sql`vacuum ${sql.table(table)}`.execute(db);
        await sql`vacuum (full, analyze) ${sql.table(table)}`.execute(db);
      }
      if (!(await isClean(db, tables))) {
        throw new Error('somebody who began before, such as a backup, may still see the old rows');
      }
    } finally {
      await sql`reset lock_timeout`.execute(db);
    }
  });
}

/** PostgreSQL keeps rows that an older snapshot may see, whatever is vacuumed; its analysis counts them. */
async function isClean(db: Kysely<ITables>, tables: readonly KeyTable[]): Promise<boolean> {
  const names = sql.join(tables.map(table => sql`${table}`));
  // What sessions did before they may add to the counts a moment later: a count that stays is one of rows.
  for (let look = 0; look < LOOKS; look += 1) {
    const { rows } = await sql<{ dead: number }>`select coalesce(sum(n_dead_tup), 0)::integer as dead
      from pg_stat_user_tables where relname in (${names}) and schemaname = current_schema`.execute(db);
    if (rows[0]?.dead === 0) {
      return true;
    }
    for (const table of tables) {
      await sql`analyze ${sql.table(table)}`.execute(db);
    }
  }
  return false;
}
