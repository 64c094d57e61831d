import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** More hubs than one: which they are, an own stream of acts for each, and its kernels' time. What is there stays the first's. */
export const furtherHubs: Migration = {
  async up(db) {
    await db.schema
      .createTable('further_hub')
      .addColumn('name', 'text', column => column.primaryKey())
      .addColumn('since_ms', 'bigint', column => column.notNull())
      .execute();
    await db.schema.alterTable('own_record').addColumn('stream_hub', 'text').execute();
    await db.schema
      .createTable('further_kernel_time')
      .addColumn('hub', 'text', column => column.notNull())
      .addColumn('day', 'integer', column => column.notNull())
      .addColumn('node', 'text', column => column.notNull())
      .addColumn('image', 'text', column => column.notNull())
      .addColumn('started', 'bigint', column => column.notNull().defaultTo(sql`0`))
      .addColumn('kernel_ms', 'bigint', column => column.notNull().defaultTo(sql`0`))
      .addPrimaryKeyConstraint('further_kernel_time_key', ['hub', 'day', 'node', 'image'])
      .execute();
  }
};
