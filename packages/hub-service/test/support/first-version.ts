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

const POLICY = '2026-11-27-policy';
/** Those that came until the policy, which is the version before acts were records of the log. */
export const POLICY_TABLES = [...FIRST_TABLES, 'holding', 'legal_act', 'policy_version', 'policy_use'];

/**
 * A database as the first version of the service left it, with the rows that another has in the columns of that time: what
 * comes from opening it is what an upgrade of that age does.
 */
export function asFirstVersion(kind: DatabaseKind, from: IDatabase): Promise<IScratchDatabase> {
  return asVersion(kind, from, '2026-11-27-first-schema', FIRST_TABLES);
}

/** The same as the version left it that ends with the migration of the policy. */
export function asPolicyVersion(kind: DatabaseKind, from: IDatabase): Promise<IScratchDatabase> {
  return asVersion(kind, from, POLICY, POLICY_TABLES);
}

/** The same as the version left it that ends with any migration: the log, without acts and requests. */
export async function asSchema(
  kind: DatabaseKind,
  from: IDatabase,
  migration: string
): Promise<IScratchDatabase> {
  // PostgreSQL lists the names of packages by itself.
  const terms = kind === 'sqlite' ? ['package_term'] : [];
  return asVersion(kind, from, migration, [...FIRST_TABLES, 'holding', 'stream_image', ...terms]);
}

async function asVersion(
  kind: DatabaseKind,
  from: IDatabase,
  migration: string,
  names: readonly string[]
): Promise<IScratchDatabase> {
  const scratch = await scratchDatabase(kind);
  const ignore = (): void => undefined;
  await migrateDatabase(scratch.place, ignore, migration);
  const to = openAsItIs(scratch.place, 0, ignore);
  try {
    const tables = await to.read.introspection.getTables();
    for (const name of names.filter(each => tables.some(({ name: there }) => there === each))) {
      const table = sql.table(name);
      const found = tables.find(each => each.name === name)?.columns ?? [];
      const columns = found.map(column => column.name);
      const rows = await sql<Record<string, unknown>>`select ${sql.join(columns.map(one => sql.ref(one)))}
        from ${table}`.execute(from.read);
      if (name === 'log_head') {
        // The one that has a row from the beginning.
        await sql`delete from ${table}`.execute(to.write);
      }
      for (const row of rows.rows) {
        await sql`insert into ${table} (${sql.join(columns.map(one => sql.ref(one)))})
          ${kind === 'postgres' ? sql`overriding system value` : sql``}
          values (${sql.join(columns.map(one => row[one]))})`.execute(to.write);
      }
      for (const { name: numbered } of found.filter(
        column => kind === 'postgres' && column.isAutoIncrementing
      )) {
        await sql`select setval(pg_get_serial_sequence(${name}, ${numbered}), coalesce(max(${sql.ref(numbered)}), 0) + 1, false)
          from ${table}`.execute(to.write);
      }
    }
    return scratch;
  } finally {
    await to.close();
  }
}
