import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import { countedId } from './counted-id.js';

/** Every version of the policy file that was ever in force, and since when which one was. */
export function policySchema(kind: DatabaseKind): Migration {
  return {
    async up(db) {
      await db.schema
        .createTable('policy_version')
        .addColumn('digest', 'text', column => column.primaryKey())
        .addColumn('content', kind === 'sqlite' ? 'blob' : 'bytea', column => column.notNull())
        .addColumn('stored_at_ms', 'bigint', column => column.notNull())
        .execute();
      await db.schema
        .createTable('policy_use')
        .addColumn('id', ...countedId(kind))
        .addColumn('digest', 'text', column => column.notNull().references('policy_version.digest'))
        .addColumn('from_ms', 'bigint', column => column.notNull())
        .execute();
    }
  };
}
