import { migrations } from './migrations/index.js';
import { openAsItIs, type DatabasePlace, type IDatabase } from './database.js';
import { refuseNewerSchema } from './refuse-newer-schema.js';
import type { ITables } from './tables.js';

/** As long as the service's own statements. */
const STATEMENT_MS = 30_000;

/**
 * Opens a log beside its service, which may be of an older version: its schema stays as it is, and newer tables may be
 * missing, see `hasTable`.
 *
 * @throws when it cannot be opened, is no log, or is that of a newer version.
 */
export async function openExisting(place: DatabasePlace): Promise<IDatabase> {
  // A connection that broke while it was idle is told by the next statement.
  const database = openAsItIs(place, STATEMENT_MS, () => undefined);
  try {
    if (!(await hasTable(database, 'log'))) {
      throw new Error('There is no log in this database.');
    }
    await refuseNewerSchema(database.read, Object.keys(migrations(place.kind)));
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Whether the schema is new enough to have a table. */
export async function hasTable({ read }: IDatabase, table: keyof ITables): Promise<boolean> {
  return (await read.introspection.getTables()).some(({ name }) => name === table);
}
