import { sql, type ColumnDefinitionBuilder, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import { countedId } from './counted-id.js';

/**
 * The first schema. Every key of `record`, `record_body` and `personal` begins with the received time, so that PostgreSQL
 * can keep them in monthly partitions later; `record_stream` is unique only until then.
 */
export function firstSchema(kind: DatabaseKind): Migration {
  const blob = kind === 'sqlite' ? 'blob' : 'bytea';
  const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();
  const one = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
    column.primaryKey().check(sql`one = 1`);

  /** A table whose rows have a number of their own. */
  const numbered = (db: Kysely<unknown>, name: string) =>
    db.schema.createTable(name).addColumn('id', ...countedId(kind));

  return {
    async up(db) {
      await db.schema
        .createTable('log')
        .addColumn('one', 'integer', one)
        .addColumn('id', 'text', required)
        .addColumn('created_at_ms', 'bigint', required)
        .execute();
      await numbered(db, 'hub')
        .addColumn('name', 'text', column => column.notNull().unique())
        .execute();
      await numbered(db, 'person')
        .addColumn('uuid', 'text', column => column.notNull().unique())
        .addColumn('hub_id', 'integer', column => column.notNull().references('hub.id'))
        .addColumn('name', 'text')
        .addColumn('created_at_ms', 'bigint', required)
        .addUniqueConstraint('person_name', ['hub_id', 'name'])
        .execute();
      await db.schema
        .createTable('person_key')
        .addColumn('person_id', 'integer', column => column.primaryKey().references('person.id'))
        .addColumn('key', blob, required)
        .execute();
      await numbered(db, 'server')
        .addColumn('uuid', 'text', column => column.notNull().unique())
        .addColumn('person_id', 'integer', column => column.notNull().references('person.id'))
        .addColumn('name', 'text')
        .addUniqueConstraint('server_name', ['person_id', 'name'])
        .execute();
      await numbered(db, 'group_set')
        .addColumn('hub_id', 'integer', column => column.notNull().references('hub.id'))
        .addColumn('names', 'text', required)
        .addUniqueConstraint('group_set_names', ['hub_id', 'names'])
        .execute();
      await db.schema
        .createTable('group_member')
        .addColumn('set_id', 'integer', column => column.notNull().references('group_set.id'))
        .addColumn('name', 'text', required)
        .addPrimaryKeyConstraint('group_member_key', ['name', 'set_id'])
        .execute();
      await numbered(db, 'stream')
        .addColumn('uuid', 'text', column => column.notNull().unique())
        .addColumn('server_id', 'integer', column => column.notNull().references('server.id'))
        .addColumn('boot', 'text', required)
        .addColumn('seq', 'bigint', required)
        .addColumn('head', 'text', required)
        .addColumn('seen_at_ms', 'bigint', required)
        .addUniqueConstraint('stream_boot', ['server_id', 'boot'])
        .execute();
      await db.schema
        .createTable('log_head')
        .addColumn('one', 'integer', one)
        .addColumn('next_index', 'bigint', required)
        .execute();
      await db.schema
        .createTable('record')
        .addColumn('received_at_ms', 'bigint', required)
        .addColumn('idx', 'bigint', required)
        .addColumn('hub_id', 'integer', required)
        .addColumn('person_id', 'integer', required)
        .addColumn('server_id', 'integer', required)
        .addColumn('group_set_id', 'integer', required)
        .addColumn('stream_id', 'integer', required)
        .addColumn('seq', 'bigint', required)
        .addColumn('occurred_at_ms', 'bigint')
        .addColumn('action', 'text', required)
        .addColumn('ecosystem', 'text')
        .addColumn('package_name', 'text')
        .addColumn('package_version', 'text')
        .addColumn('tool', 'text')
        .addColumn('effect', 'text')
        .addColumn('grade', 'text', required)
        .addColumn('environment', 'text')
        .addColumn('leaf', blob, required)
        .addPrimaryKeyConstraint('record_time', ['received_at_ms', 'idx'])
        .execute();
      await db.schema
        .createTable('record_body')
        .addColumn('received_at_ms', 'bigint', required)
        .addColumn('idx', 'bigint', required)
        .addColumn('entry', 'text', required)
        .addPrimaryKeyConstraint('record_body_key', ['idx', 'received_at_ms'])
        .execute();
      await db.schema
        .createTable('personal')
        .addColumn('received_at_ms', 'bigint', required)
        .addColumn('idx', 'bigint', required)
        .addColumn('person_id', 'integer', required)
        .addColumn('sealed', blob, required)
        .addPrimaryKeyConstraint('personal_key', ['idx', 'received_at_ms'])
        .execute();
      await numbered(db, 'look')
        .addColumn('at_ms', 'bigint', required)
        .addColumn('hub', 'text', required)
        .addColumn('reader', 'text', required)
        .addColumn('kind', 'text', required)
        .addColumn('query', 'text', required)
        .execute();
      await db.schema
        .createTable('digest')
        .addColumn('number', 'bigint', column => column.primaryKey())
        .addColumn('first_index', 'bigint', required)
        .addColumn('count', 'bigint', required)
        .addColumn('signed', 'text', required)
        .addColumn('closed_at_ms', 'bigint', required)
        .execute();
      await db.schema
        .createTable('signing_key')
        .addColumn('id', 'text', column => column.primaryKey())
        .addColumn('public_key', 'text', required)
        .addColumn('from_ms', 'bigint', required)
        .execute();
      await indexes(db);
      await sql`insert into log_head (one, next_index) values (1, 0)`.execute(db);
    }
  };
}

/** Each is read from its end: the newest first, and only as far as a page needs. */
async function indexes(db: Kysely<unknown>): Promise<void> {
  const NEWEST = ['received_at_ms', 'idx'];
  await db.schema.createIndex('record_idx').on('record').column('idx').unique().execute();
  await db.schema.createIndex('record_stream').on('record').columns(['stream_id', 'seq']).unique().execute();
  for (const column of ['person_id', 'server_id', 'group_set_id']) {
    await db.schema
      .createIndex(`record_${column}`)
      .on('record')
      .columns([column, ...NEWEST])
      .execute();
  }
  for (const column of ['package_name', 'tool', 'effect']) {
    await db.schema
      .createIndex(`record_${column}`)
      .on('record')
      .columns([column, ...NEWEST])
      .where(sql.ref(column), 'is not', null)
      .execute();
  }
  // The common values are found soon by reading from the newest on.
  await sql`create index record_action on record (action, received_at_ms, idx) where action <> 'found-on-disk'`.execute(
    db
  );
  await sql`create index record_grade on record (grade, received_at_ms, idx) where grade in ('confirmed', 'unreadable')`.execute(
    db
  );
  await db.schema.createIndex('digest_range').on('digest').column('first_index').unique().execute();
  await db.schema.createIndex('stream_seen').on('stream').column('seen_at_ms').execute();
}
