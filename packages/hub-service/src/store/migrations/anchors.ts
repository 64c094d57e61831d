import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import { countedId } from './counted-id.js';

/** What holds digests outside the service, how it went there, and which key followed which. */
export function anchorsSchema(kind: DatabaseKind): Migration {
  return {
    async up(db) {
      await db.schema
        .createTable('anchor')
        .addColumn('target', 'text', column => column.notNull())
        .addColumn('digest', 'integer', column => column.notNull().references('digest.number'))
        // Canonical JSON of the protocol's Anchor: as text, because it goes into exports as it is.
        .addColumn('anchor', 'text', column => column.notNull())
        .addColumn('stored_at_ms', 'bigint', column => column.notNull())
        .addPrimaryKeyConstraint('anchor_pk', ['target', 'digest'])
        .execute();
      await db.schema.createIndex('anchor_digest').on('anchor').column('digest').execute();
      await db.schema
        .createTable('anchor_target')
        .addColumn('target', 'text', column => column.primaryKey())
        .addColumn('tries', 'integer', column => column.notNull())
        .addColumn('tried_at_ms', 'bigint', column => column.notNull())
        .addColumn('next_at_ms', 'bigint', column => column.notNull())
        .addColumn('trouble', 'text')
        .addColumn('altered', 'text')
        .execute();
      await db.schema
        .createTable('key_rotation')
        .addColumn('id', ...countedId(kind))
        .addColumn('signed', 'text', column => column.notNull())
        .execute();
    }
  };
}
