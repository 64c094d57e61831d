import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';

/**
 * Keys are sealed by a master key that is not in the database. Only places are made here: persons' keys are sealed by the
 * service's start, which has that key, and a replica of the version before goes on inserting plain ones meanwhile.
 */
export function masterKeySchema(kind: DatabaseKind): Migration {
  const blob = kind === 'sqlite' ? 'blob' : 'bytea';
  return {
    async up(db) {
      await db.schema.alterTable('person_key').addColumn('master_id', 'text').execute();
      await db.schema
        .createTable('master_key')
        .addColumn('one', 'integer', column => column.primaryKey().check(sql`one = 1`))
        .addColumn('id', 'text', column => column.notNull())
        .addColumn('since_ms', 'bigint', column => column.notNull())
        .execute();
      await db.schema
        .createTable('master_key_handover')
        .addColumn('id', 'text', column => column.notNull())
        .addColumn('under_id', 'text', column => column.notNull())
        .addColumn('sealed', blob, column => column.notNull())
        .addPrimaryKeyConstraint('master_key_handover_pk', ['id', 'under_id'])
        .execute();
      await db.schema
        .createTable('sealed_secret')
        .addColumn('name', 'text', column => column.primaryKey())
        .addColumn('master_id', 'text', column => column.notNull())
        .addColumn('sealed', blob, column => column.notNull())
        .execute();
    }
  };
}
