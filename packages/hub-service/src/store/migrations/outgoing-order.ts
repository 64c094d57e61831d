import type { Migration } from 'kysely/migration';

/**
 * Whether an earlier message of the same matter still waits is looked up for each that is due: without this index among all
 * that wait for the target.
 */
export const outgoingOrder: Migration = {
  async up(db) {
    await db.schema
      .createIndex('outgoing_message_order')
      .on('outgoing_message')
      .columns(['target', 'state', 'order_key', 'id'])
      .execute();
  }
};
