import { sql } from 'kysely';
import type { IDatabase } from './database.js';
import { FIRST_HUB } from './log-filter.js';
import { hasTable } from './open-existing.js';

/**
 * Keeps in mind which hubs the service was told of beside its first. Their records stay theirs when they are no longer in the
 * file: people of the first hub must not come to see them by an entry that is taken out.
 *
 * @param ids - of those in the file now.
 * @returns whether there is or ever was any.
 */
export async function keepFurtherHubs(
  database: IDatabase,
  ids: readonly string[],
  nowMs: number
): Promise<boolean> {
  const { write } = database;
  if (ids.length > 0) {
    await write
      .insertInto('further_hub')
      .values(ids.map(name => ({ name, since_ms: nowMs })))
      .onConflict(conflict => conflict.doNothing())
      .execute();
  }
  return (await furtherHubsSince(database)) !== null;
}

/** When the service, any of its replicas, was first told of a hub beside the first, epoch ms; null = never. */
export async function furtherHubsSince({ read }: IDatabase): Promise<number | null> {
  const { since } = await read
    .selectFrom('further_hub')
    .select(({ fn }) => fn.min<number | null>('since_ms').as('since'))
    .executeTakeFirstOrThrow();
  return since;
}

/** When the service was told of a further hub of this name, epoch ms; null = it was not. */
export async function furtherHubSince(database: IDatabase, name: string): Promise<number | null> {
  if (!(await hasTable(database, 'further_hub'))) {
    return null;
  }
  const row = await database.read
    .selectFrom('further_hub')
    .select('since_ms')
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.since_ms ?? null;
}

/**
 * Lets the newest records of one hub be found among many of others; not of the first hub's, which are found soon by reading
 * from the newest on. Not a part of the schema: an upgrade would read the whole log for it, and where there is one hub nobody
 * asks for its records alone.
 *
 * @throws where the database does not make it in time: then they are found slowly.
 */
export async function indexByHub({ kind, read, write }: IDatabase): Promise<void> {
  if (kind === 'postgres') {
    // Even `if not exists` would make whoever appends wait.
    const { rows } = await sql<{ is: boolean }>`select to_regclass('record_hub') is not null as is`.execute(
      read
    );
    if (rows[0]?.is === true) {
      return;
    }
  }
  await write.schema
    .createIndex('record_hub')
    .ifNotExists()
    .on('record')
    .columns(['hub_id', 'received_at_ms', 'idx'])
    .where(sql.ref('hub_id'), '>', sql.lit(FIRST_HUB))
    .execute();
}
