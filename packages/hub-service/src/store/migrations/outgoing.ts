import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import type { ITables } from '../tables.js';
import { earlierActs } from './earlier-acts.js';
import { countedId } from './counted-id.js';

/** What is to be sent to others, how far they were told of the log, and the service's own records. */
export function outgoingSchema(kind: DatabaseKind): Migration {
  return {
    async up(db: Kysely<ITables>) {
      /** A table whose rows have a number of their own. */
      const numbered = (name: string) => db.schema.createTable(name).addColumn('id', ...countedId(kind));
      await numbered('outgoing_message')
        .addColumn('target', 'text', column => column.notNull())
        .addColumn('message_id', 'text', column => column.notNull())
        .addColumn('order_key', 'text', column => column.notNull())
        .addColumn('once_key', 'text', column => column.notNull())
        .addColumn('body', 'text', column => column.notNull())
        .addColumn('hub', 'text', column => column.notNull())
        .addColumn('person', 'text')
        .addColumn('at_ms', 'bigint', column => column.notNull())
        .addColumn('state', 'text', column => column.notNull())
        .addColumn('attempts', 'integer', column => column.notNull())
        .addColumn('next_at_ms', 'bigint', column => column.notNull())
        .addColumn('lease', 'text')
        .addColumn('done_at_ms', 'bigint')
        .addColumn('trouble', 'text')
        .addUniqueConstraint('outgoing_message_once', ['target', 'once_key'])
        .execute();
      await db.schema
        .createIndex('outgoing_message_next')
        .on('outgoing_message')
        .columns(['state', 'target', 'next_at_ms'])
        .execute();
      await db.schema
        .createIndex('outgoing_message_person')
        .on('outgoing_message')
        .columns(['person', 'hub'])
        .execute();
      await db.schema
        .createTable('outgoing_cursor')
        .addColumn('target', 'text', column => column.primaryKey())
        .addColumn('next_index', 'bigint', column => column.notNull())
        .addColumn('lease', 'text')
        .addColumn('next_at_ms', 'bigint', column => column.notNull())
        .addColumn('attempts', 'integer', column => column.notNull())
        .addColumn('sent_at_ms', 'bigint')
        .addColumn('trouble', 'text')
        .execute();
      await numbered('own_record')
        .addColumn('subject_id', 'integer', column => column.references('person.id'))
        .addColumn('action', 'text', column => column.notNull())
        .addColumn('event_id', 'text', column => column.notNull().unique())
        .addColumn('act', 'text', column => column.notNull())
        .execute();
      await earlierActs(kind, db);
    }
  };
}
