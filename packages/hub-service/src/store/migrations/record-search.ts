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
      if (kind === 'postgres') {
        // Waits for appends that have begun, so that none lies between the trigger and the names below.
        await sql.raw(TERMS_OF_OTHERS).execute(db);
      }
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

/**
 * In a rolling upgrade replicas of the older version append until they stop, and do not know of the list. A new scan at each
 * start would miss what they append after the last one; SQLite has one service only, which is stopped before.
 */
const TERMS_OF_OTHERS = `create or replace function package_term_of_other() returns trigger language plpgsql as $$ begin
  if not exists (select 1 from package_term where name = new.package_name) then
    insert into package_term (name) values (new.package_name) on conflict do nothing;
  end if;
  return null;
end $$;
drop trigger if exists record_package_term on record;
create trigger record_package_term after insert on record for each row
  when (current_setting('labkeeper.terms', true) is distinct from 'kept' and new.package_name is not null)
  execute function package_term_of_other();`;

/**
 * Without the extension, or the right to it, free text is found all the same, by reading every name: nothing that goes wrong
 * here may keep the service from its start. Somebody may have put it into a schema that is not searched.
 */
const TRIGRAMS = `do $$ declare
  place text;
begin
  create extension if not exists pg_trgm;
  select n.nspname into place from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm';
  execute format(
    'create index if not exists package_term_trigrams on package_term using gin (lower(name) %I.gin_trgm_ops)', place);
exception when others then
  raise notice 'pg_trgm cannot be used here: %', sqlerrm;
end $$`;
