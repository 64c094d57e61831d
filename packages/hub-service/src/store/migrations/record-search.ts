import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import type { ITables } from '../tables.js';

const NEWEST = ['received_at_ms', 'idx'];
/** Decisions that somebody searches for: few of all. */
const BLOCKED = "('deny', 'warn', 'require-approval')";

/**
 * What the searches of support staff need beside the first schema: the first page of each filter, and of what is usually
 * put together, without a walk through the whole log. Names of packages have a list of their own, which free text is looked
 * for in.
 */
export function recordSearch(kind: DatabaseKind): Migration {
  return {
    async up(db: Kysely<ITables>) {
      await db.schema
        .createTable('package_term')
        .ifNotExists()
        .addColumn('name', 'text', column => column.primaryKey())
        .execute();
      await sql`insert into package_term (name) select distinct package_name from record
        where package_name is not null on conflict do nothing`.execute(db);
      const indexes = [
        ['record_package_version', ['package_version', ...NEWEST], 'package_version is not null'],
        ['record_blocked_person', ['person_id', 'effect', ...NEWEST], `effect in ${BLOCKED}`],
        ['record_blocked_group', ['group_set_id', 'effect', ...NEWEST], `effect in ${BLOCKED}`],
        ['record_rare_grade', ['grade', ...NEWEST], "grade not in ('corroborated', 'claimed')"]
      ] as const;
      for (const [name, columns, where] of indexes) {
        await db.schema
          .createIndex(name)
          .ifNotExists()
          .on('record')
          .columns([...columns])
          .where(sql<boolean>`${sql.raw(where)}`)
          .execute();
      }
      await db.schema.dropIndex('record_grade').ifExists().execute();
      if (kind === 'postgres') {
        // The one service on SQLite has fewer records; each index costs it more.
        await db.schema
          .createIndex('record_package_release')
          .ifNotExists()
          .on('record')
          .columns(['package_name', 'package_version', ...NEWEST])
          .where(sql.ref('package_version'), 'is not', null)
          .execute();
        await sql.raw(TRIGRAMS).execute(db);
      }
    }
  };
}

/** Without the extension, or the right to it, free text is found all the same, by reading every name. */
const TRIGRAMS = `do $$ begin
  create extension if not exists pg_trgm;
  create index if not exists package_term_trigrams on package_term using gin (lower(name) gin_trgm_ops);
exception when insufficient_privilege or undefined_file or feature_not_supported then
  raise notice 'pg_trgm cannot be used here: %', sqlerrm;
end $$`;
