import { sql, type ColumnDefinitionBuilder } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import { countedId } from './counted-id.js';

/** Events of servers, which are deleted after some weeks: beside the log, so that no proof ever rests on one of them. */
export function shortEvents(kind: DatabaseKind): Migration {
  const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();
  return {
    async up(db) {
      await db.schema
        .createTable('server_event')
        .addColumn('id', ...countedId(kind, 'bigint'))
        .addColumn('server_id', 'integer', column => column.notNull().references('server.id'))
        .addColumn('person_id', 'integer', column => column.notNull().references('person.id'))
        .addColumn('group_set_id', 'integer', required)
        .addColumn('event_id', 'text', required)
        .addColumn('kind', 'text', required)
        .addColumn('at_ms', 'bigint', required)
        .addColumn('received_at_ms', 'bigint', required)
        .addColumn('cause', 'text')
        .addColumn('node', 'text')
        .addColumn('image', 'text')
        .addColumn('body', 'text', required)
        .addUniqueConstraint('server_event_once', ['server_id', 'event_id'])
        .execute();
      await db.schema
        .createIndex('server_event_kind')
        .on('server_event')
        .columns(['kind', 'at_ms'])
        .execute();
      await db.schema
        .createIndex('server_event_person')
        .on('server_event')
        .columns(['person_id', 'at_ms'])
        .execute();
      await db.schema
        .createIndex('server_event_received')
        .on('server_event')
        .column('received_at_ms')
        .execute();
      await db.schema
        .createTable('event_stream')
        .addColumn('server_id', 'integer', column => column.notNull().references('server.id'))
        .addColumn('boot', 'text', required)
        .addColumn('seq', 'bigint', required)
        .addColumn('seen_at_ms', 'bigint', required)
        .addPrimaryKeyConstraint('event_stream_key', ['server_id', 'boot'])
        .execute();
      await db.schema
        .createTable('server_run')
        .addColumn('server_id', 'integer', column => column.notNull().references('server.id'))
        .addColumn('started_at_ms', 'bigint', required)
        .addColumn('node', 'text')
        .addColumn('image', 'text')
        .addPrimaryKeyConstraint('server_run_key', ['server_id', 'started_at_ms'])
        .execute();
      await db.schema
        .createTable('kernel_time')
        .addColumn('day', 'integer', required)
        .addColumn('node', 'text', required)
        .addColumn('image', 'text', required)
        .addColumn('started', 'bigint', column => column.notNull().defaultTo(sql`0`))
        .addColumn('kernel_ms', 'bigint', column => column.notNull().defaultTo(sql`0`))
        .addPrimaryKeyConstraint('kernel_time_key', ['day', 'node', 'image'])
        .execute();
    }
  };
}
