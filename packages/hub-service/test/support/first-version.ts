import { sql } from 'kysely';
import { migrateDatabase, openAsItIs, type DatabaseKind, type IDatabase } from '../../src/store/database.js';
import { scratchDatabase, type IScratchDatabase } from './scratch-databases.js';

/** Tables of the first version, each after those that it points to. */
const FIRST_TABLES = [
  'log',
  'hub',
  'person',
  'person_key',
  'server',
  'group_set',
  'group_member',
  'stream',
  'log_head',
  'record',
  'record_body',
  'personal',
  'look',
  'digest',
  'signing_key'
];

/**
 * A database as the first version of the service left it, with the rows that another has in the columns of that time: what
 * comes from opening it is what an upgrade of that age does.
 */
export async function asFirstVersion(kind: DatabaseKind, from: IDatabase): Promise<IScratchDatabase> {
  const scratch = await scratchDatabase(kind);
  const ignore = (): void => undefined;
  await migrateDatabase(scratch.place, ignore, '2026-11-27-first-schema');
  const to = openAsItIs(scratch.place, 0, ignore);
  try {
    const tables = await to.read.introspection.getTables();
    for (const name of FIRST_TABLES) {
      const table = sql.table(name);
      const columns = tables.find(each => each.name === name)?.columns.map(column => column.name) ?? [];
      const rows = await sql<Record<string, unknown>>`select ${sql.join(columns.map(one => sql.ref(one)))}
        from ${table}`.execute(from.read);
      await sql`delete from ${table}`.execute(to.write);
      for (const row of rows.rows) {
        await sql`insert into ${table} (${sql.join(columns.map(one => sql.ref(one)))})
          ${kind === 'postgres' ? sql`overriding system value` : sql``}
          values (${sql.join(columns.map(one => row[one]))})`.execute(to.write);
      }
    }
    return scratch;
  } finally {
    await to.close();
  }
}
