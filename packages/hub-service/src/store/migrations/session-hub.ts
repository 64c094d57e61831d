import type { Migration } from 'kysely/migration';

/** At which hub a session's person is: a namesake at another stays signed in when she is erased. */
export const sessionHub: Migration = {
  async up(db) {
    await db.schema.alterTable('session').addColumn('hub', 'text').execute();
  }
};
