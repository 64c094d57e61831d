import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Acts that wait for the log, messages too. The index of those that are no messages stays, for earlier versions. */
export const waitingActs: Migration = {
  async up(db) {
    await db.schema
      .createIndex('request_act_waiting')
      .on('request_act')
      .columns(['request_id', 'log_seq'])
      .where(sql<boolean>`logged in (0, 2)`)
      .execute();
  }
};
