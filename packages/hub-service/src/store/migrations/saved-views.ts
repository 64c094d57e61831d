import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import { countedId } from './counted-id.js';

/** Views of the install log that people gave a name. */
export function savedViews(kind: DatabaseKind): Migration {
  return {
    async up(db) {
      await db.schema
        .createTable('saved_view')
        .addColumn('id', ...countedId(kind))
        .addColumn('hub', 'text', column => column.notNull())
        .addColumn('owner', 'text', column => column.notNull())
        .addColumn('name', 'text', column => column.notNull())
        .addColumn('address', 'text', column => column.notNull())
        .addColumn('is_shared', 'integer', column => column.notNull())
        .addColumn('saved_at_ms', 'bigint', column => column.notNull())
        .addUniqueConstraint('saved_view_name', ['hub', 'owner', 'name'])
        .execute();
    }
  };
}
