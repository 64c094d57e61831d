import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import type { ITables } from '../tables.js';
import { countedId } from './counted-id.js';

const SENTENCE = 'Acts stay as they are.';

/** Holds and erasures: a table that is only added to. */
export function legalActs(kind: DatabaseKind): Migration {
  return {
    async up(db: Kysely<ITables>) {
      await db.schema
        .createTable('legal_act')
        .addColumn('id', ...countedId(kind))
        .addColumn('at_ms', 'bigint', column => column.notNull())
        .addColumn('hub', 'text', column => column.notNull())
        .addColumn('reader', 'text', column => column.notNull())
        .addColumn('kind', 'text', column => column.notNull())
        .addColumn('person_id', 'integer', column => column.references('person.id'))
        .addColumn('case_name', 'text')
        .addColumn('reason', 'text', column => column.notNull())
        .addColumn('lifts', 'integer', column => column.unique().references('legal_act.id'))
        .execute();
      if (kind === 'sqlite') {
        for (const what of ['update', 'delete']) {
          await sql
            .raw(
              `create trigger legal_act_${what} before ${what} on legal_act begin select raise(abort, '${SENTENCE}'); end`
            )
            .execute(db);
        }
        return;
      }
      await sql
        .raw(
          `create function legal_act_stays() returns trigger language plpgsql as $$
            begin raise exception '${SENTENCE}'; end $$`
        )
        .execute(db);
      await sql`create trigger legal_act_stays before update or delete or truncate on legal_act
        for each statement execute function legal_act_stays()`.execute(db);
    }
  };
}
