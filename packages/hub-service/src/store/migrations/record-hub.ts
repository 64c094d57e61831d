import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { FIRST_HUB } from '../log-filter.js';

/**
 * The first page of one hub's records, without a walk through those of all others. Not of the first hub: a log of one hub,
 * which most are, pays nothing for an index that finds all of it, and where there are several the first one's records are
 * found soon by reading from the newest on.
 */
export const recordHub: Migration = {
  async up(db) {
    await db.schema
      .createIndex('record_hub')
      .ifNotExists()
      .on('record')
      .columns(['hub_id', 'received_at_ms', 'idx'])
      .where(sql.ref('hub_id'), '>', sql.lit(FIRST_HUB))
      .execute();
  }
};
