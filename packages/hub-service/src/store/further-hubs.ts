import { sql } from 'kysely';
import type { IDatabase } from './database.js';

/**
 * Keeps in mind which hubs the service was told of beside its first. Their records stay theirs when they are no longer in the
 * file: people of the first hub must not come to see them by an entry that is taken out.
 *
 * @param ids - of those in the file now.
 * @returns whether there is or ever was any.
 */
export async function keepFurtherHubs(
  { write }: IDatabase,
  ids: readonly string[],
  nowMs: number
): Promise<boolean> {
  if (ids.length > 0) {
    await write
      .insertInto('further_hub')
      .values(ids.map(name => ({ name, since_ms: nowMs })))
      .onConflict(conflict => conflict.doNothing())
      .execute();
  }
  const any = await write.selectFrom('further_hub').select('name').limit(1).executeTakeFirst();
  return any !== undefined;
}

/**
 * Lets the newest records of one hub be found among many of others. Not a part of the schema: where there is one hub nobody
 * asks for its records alone, and none pays for it.
 *
 * @throws where the database does not make it in time: then they are found slowly.
 */
export async function indexByHub({ write }: IDatabase): Promise<void> {
  await sql`create index if not exists record_hub on record (hub_id, received_at_ms, idx)`.execute(write);
}
