import { sql, type Kysely } from 'kysely';
import type { ITables } from './tables.js';

/**
 * After a failed migration: whether it failed because the database is newer than this program. Changes nothing.
 *
 * @param known - names of this program's migrations.
 * @throws Error with one sentence, when it is.
 */
export async function refuseNewerSchema(db: Kysely<ITables>, known: readonly string[]): Promise<void> {
  const done = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  const unknown = done.rows.map(({ name }) => name).filter(name => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `The database is that of a newer version of Labkeeper (this one does not know ${unknown.join(', ')}): start that version here as well, or restore a backup from before it; nothing was changed.`
    );
  }
}
