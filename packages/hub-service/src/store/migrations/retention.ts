import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import type { ITables } from '../tables.js';

/** What is deleted when its time is over, and what stays of it. */
export function retention(kind: DatabaseKind): Migration {
  // SQLite's rows are found by their number only where it is an "integer".
  const index = kind === 'sqlite' ? 'integer' : 'bigint';
  return {
    async up(db: Kysely<ITables>) {
      await db.schema
        .createTable('retention_class')
        .addColumn('class', 'text', column => column.primaryKey())
        .addColumn('in_force_days', 'integer')
        .addColumn('wanted_days', 'integer')
        .addColumn('wanted_since_ms', 'bigint')
        .addColumn('next_index', 'bigint', column => column.notNull())
        .addColumn('lifts_seen', 'integer', column => column.notNull())
        .addColumn('due_count', 'bigint')
        .addColumn('gone_before_ms', 'bigint')
        .execute();
      await db.schema
        .createTable('retention_clock')
        .addColumn('one', 'integer', column => column.primaryKey().check(sql`one = 1`))
        .addColumn('last_ms', 'bigint', column => column.notNull())
        .addColumn('steady_since_ms', 'bigint', column => column.notNull())
        .addColumn('jumped_from_ms', 'bigint')
        .execute();
      await db.schema
        .createTable('retired')
        .addColumn('first_idx', index, column => column.primaryKey())
        .addColumn('end_idx', 'bigint', column => column.notNull())
        .addColumn('own_id', 'integer', column => column.notNull().references('own_record.id'))
        .addColumn('at_ms', 'bigint', column => column.notNull())
        .addColumn('leaves', kind === 'sqlite' ? 'blob' : 'bytea')
        .execute();
      await db.schema
        .createTable('retired_digest')
        .addColumn('number', index, column => column.primaryKey())
        .addColumn('at_ms', 'bigint', column => column.notNull())
        .execute();
      // What ended a holding takes it away when it is deleted.
      await db.schema
        .createIndex('holding_until')
        .on('holding')
        .column('until_idx')
        .where(sql.ref('until_idx'), 'is not', null)
        .execute();
    }
  };
}
