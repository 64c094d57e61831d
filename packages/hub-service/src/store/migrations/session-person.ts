import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { ITables } from '../tables.js';

/** Whose a session is, so that her erasure ends it. Whose those of before are is sealed: they end, and people sign in again. */
export const sessionPerson: Migration = {
  async up(db: Kysely<ITables>) {
    await db.deleteFrom('session').execute();
    await db.schema.alterTable('session').addColumn('person', 'text').execute();
  }
};
