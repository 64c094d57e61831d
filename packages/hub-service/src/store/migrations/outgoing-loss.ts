import type { Migration } from 'kysely/migration';

/** What targets did not get, counted for all replicas and kept over their ends. */
export const outgoingLoss: Migration = {
  async up(db) {
    await db.schema
      .createTable('outgoing_loss')
      .addColumn('target', 'text', column => column.notNull())
      .addColumn('what', 'text', column => column.notNull())
      .addColumn('count', 'bigint', column => column.notNull())
      .addColumn('last_at_ms', 'bigint', column => column.notNull())
      .addColumn('says', 'text')
      .addPrimaryKeyConstraint('outgoing_loss_key', ['target', 'what'])
      .execute();
  }
};
