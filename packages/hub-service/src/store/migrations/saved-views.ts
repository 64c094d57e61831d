import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';

/** Views of the install log that people gave a name. */
export function savedViews(kind: DatabaseKind): Migration {
  return {
    async up(db) {
      const table = db.schema.createTable('saved_view');
      await (
        kind === 'sqlite'
          ? table.addColumn('id', 'integer', column => column.primaryKey().autoIncrement())
          : table.addColumn('id', 'integer', column => column.primaryKey().generatedAlwaysAsIdentity())
      )
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
