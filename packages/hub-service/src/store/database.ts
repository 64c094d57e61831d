import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, PostgresDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { reasonOf } from '../failure.js';
import { migrations } from './migrations/index.js';
import { withProof } from './partition-proof.js';
import { PersonKeys } from './person-keys.js';
import { refuseNewerSchema } from './refuse-newer-schema.js';
import { sqliteDialect } from './sqlite-dialect.js';
import type { ITables } from './tables.js';

export type DatabaseKind = 'sqlite' | 'postgres';

/** Where the log is kept. */
export type DatabasePlace =
  { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres'; readonly url: string };

/** An open database with the newest schema. */
export interface IDatabase {
  readonly kind: DatabaseKind;
  /** For everything that changes something. On SQLite it is one connection: short transactions only. */
  readonly write: Kysely<ITables>;
  /** For what only reads, as long as it likes: on SQLite a connection of its own. */
  readonly read: Kysely<ITables>;
  /** To be unlocked with the master key, where the database has one. */
  readonly personKeys: PersonKeys;
  close(): Promise<void>;
}

/** Connections to PostgreSQL: one appends, the others read. */
const CONNECTIONS = 10;
/** A statement that takes longer than this is given up: a look must not hold up the log. */
const STATEMENT_MS = 30_000;
/** How long SQLite waits for another process that writes, such as a backup. */
const BUSY_MS = 5000;
/** Pages that the connection which appends may keep in memory, in KiB; taken as the log grows. */
const WRITER_CACHE_KIB = 65_536;
/** Of 4 KiB, after which the journal goes into the file: what is written often in between goes there once. */
const CHECKPOINT_PAGES = 4000;
/** What the journal keeps of the disk, in bytes, when it begins anew: a long reading may have let it grow to gigabytes. */
const JOURNAL_BYTES = 64 * 1024 * 1024;

/**
 * Opens the database and brings its schema to the newest.
 *
 * @param trouble - told of a connection that broke while it was idle; the next statement opens another.
 * @throws when it cannot be opened, or a migration fails: then everything is as it was.
 */
export async function openDatabase(
  place: DatabasePlace,
  trouble: (error: unknown) => void
): Promise<IDatabase> {
  await migrateDatabase(place, trouble);
  const database = openAsItIs(place, STATEMENT_MS, trouble);
  await database.write
    .insertInto('log')
    .values({ one: 1, id: randomUUID(), created_at_ms: Date.now() })
    .onConflict(conflict => conflict.doNothing())
    .execute();
  return database;
}

/**
 * Brings the schema to the newest.
 *
 * @param name - of the migration to end with; without it the last.
 * @throws when one fails: then everything is as it was before it.
 */
export async function migrateDatabase(
  place: DatabasePlace,
  trouble: (error: unknown) => void,
  name?: string
): Promise<void> {
  // Without a limit: a new index over a log of years takes its time.
  const database = openAsItIs(place, 0, trouble);
  const migrate = async (): Promise<void> => {
    const known = migrations(place.kind);
    const migrator = new Migrator({
      db: database.write,
      provider: { getMigrations: () => Promise.resolve(known) }
    });
    const { error } = await (name === undefined ? migrator.migrateToLatest() : migrator.migrateTo(name));
    if (error !== undefined) {
      if (reasonOf(error).includes('corrupted migrations')) {
        await refuseNewerSchema(database.write, Object.keys(known));
      }
      throw new Error(`The database could not be brought to this version's schema: ${reasonOf(error)}`, {
        cause: error
      });
    }
  };
  try {
    await (place.kind === 'postgres' && name === undefined ? withProof(database.write, migrate) : migrate());
  } finally {
    await database.close();
  }
}

/** Opens the database, whatever its schema is. @param statementMs - longest statement, in ms; 0 = without a limit. */
export function openAsItIs(
  place: DatabasePlace,
  statementMs: number,
  trouble: (error: unknown) => void
): IDatabase {
  return place.kind === 'sqlite' ? openSqlite(place.file) : openPostgres(place.url, statementMs, trouble);
}

function openSqlite(file: string): IDatabase {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // In WAL mode only FULL syncs at each commit: what has a receipt must survive a power cut.
  const open = (): DatabaseSync => {
    const connection = new DatabaseSync(file, { timeout: BUSY_MS });
    connection.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;');
    return connection;
  };
  const writer = open();
  // Each record goes into several trees in as many orders: with SQLite's own 2 MB their pages were read and written over and
  // over, and a log of 870 000 records took half as many a second as an empty one.
  writer.exec(`pragma cache_size = -${WRITER_CACHE_KIB}; pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  writer.exec(`pragma journal_size_limit = ${JOURNAL_BYTES}`);
  const reader = open();
  reader.exec('pragma query_only = on');
  const write = new Kysely<ITables>({ dialect: sqliteDialect(writer) });
  const read = new Kysely<ITables>({ dialect: sqliteDialect(reader) });
  return {
    kind: 'sqlite',
    write,
    read,
    personKeys: new PersonKeys('sqlite'),
    close: async () => {
      await read.destroy();
      await write.destroy();
      // Kysely closes only what it used: one that stays open holds the file's journal.
      [reader, writer].filter(({ isOpen }) => isOpen).forEach(connection => connection.close());
    }
  };
}

function openPostgres(url: string, statementMs: number, trouble: (error: unknown) => void): IDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: 5000,
    statement_timeout: statementMs,
    application_name: 'labkeeper',
    // Our bigints are indexes and milliseconds: below 2^53.
    types: {
      getTypeParser: (oid, format) =>
        oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)
    }
  });
  // Without a listener a restart of the database would end this process.
  pool.on('error', trouble);
  // Nor one that breaks in the middle of a transaction, between two statements: the pool listens to idle ones alone.
  pool.on('acquire', client => client.on('error', trouble));
  pool.on('release', (_error, client) => client.removeListener('error', trouble));
  const db = new Kysely<ITables>({ dialect: new PostgresDialect({ pool }) });
  return {
    kind: 'postgres',
    write: db,
    read: db,
    personKeys: new PersonKeys('postgres'),
    close: () => db.destroy()
  };
}
