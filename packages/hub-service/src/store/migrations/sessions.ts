import type { Migration } from 'kysely/migration';

/** Sessions of the pages, so that any replica can serve any request. */
export const sessions: Migration = {
  async up(db) {
    await db.schema
      .createTable('session')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('sealed', 'text', column => column.notNull())
      .addColumn('ends_at_ms', 'bigint', column => column.notNull())
      .execute();
    await db.schema.createIndex('session_end').on('session').column('ends_at_ms').execute();
  }
};
