import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What the first hub is called: kept at the next start, because only the service's settings say it. */
export const firstHub: Migration = {
  async up(db) {
    await db.schema
      .createTable('first_hub')
      .addColumn('one', 'integer', column => column.primaryKey().check(sql`one = 1`))
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('since_ms', 'bigint', column => column.notNull())
      .execute();
  }
};
