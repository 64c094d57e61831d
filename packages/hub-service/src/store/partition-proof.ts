import { monthAt } from '@labkeeper/core';
import { sql, type Kysely } from 'kysely';
import { reasonOf } from '../failure.js';
import { PARTITIONED, type PartitionedTable } from './partitions.js';
import type { ITables } from './tables.js';

/** A lock is waited for this long at a time, while everybody else waits behind; then they have a turn. */
const TURN_MS = 2000;
/** So many turns, each with a second between: ten minutes. */
const TURNS = 200;

/** Name of the constraint that says that all rows of a table come before a time. */
export const proofOf = (table: PartitionedTable): string => `${table}_until`;

/** Locks the three tables against reading and writing, until the transaction ends. @throws when somebody reads on and on. */
export async function lockWhole(db: Kysely<ITables>): Promise<void> {
  await sql.raw(inTurns(`lock table ${PARTITIONED.join(', ')} in access exclusive mode;`)).execute(db);
}

/**
 * Does what makes months of the tables, so that they are locked for a moment only: PostgreSQL reads a table before it makes
 * it a part of another, unless a validated constraint says what it would find. Here that is read while records come in.
 * The constraint refuses what is received in two months, so it is taken away again where `act` fails.
 */
export async function withProof<Result>(db: Kysely<ITables>, act: () => Promise<Result>): Promise<Result> {
  try {
    await prove(db);
    return await act();
  } catch (error) {
    await forget(db).catch((other: unknown) => {
      throw new Error(
        `${reasonOf(error)} Then the constraints ${PARTITIONED.map(proofOf).join(', ')} could not be dropped (${reasonOf(other)}): start this version again, or drop them before an older one goes on beyond this month.`,
        { cause: error }
      );
    });
    throw error;
  }
}

async function prove(db: Kysely<ITables>): Promise<void> {
  const untilMs = monthAt(monthAt(Date.now()).untilMs).untilMs;
  if (!(await isWhole(db)) || !(await isEarlier(db, untilMs))) {
    return;
  }
  for (const table of PARTITIONED) {
    const proof = proofOf(table);
    // Another replica may be faster, and on a table by months the constraint would stay for ever: so the lock comes first.
    await sql
      .raw(
        inTurns(`lock table ${table} in access exclusive mode;
          if (select relkind = 'r' from pg_class where oid = '${table}'::regclass)
            and not exists (select 1 from pg_constraint where conrelid = '${table}'::regclass and conname = '${proof}') then
            alter table ${table} add constraint ${proof} check (received_at_ms < ${untilMs}) not valid;
          end if;`)
      )
      .execute(db);
    // Undefined: it was faster. Violated: the migration reads the table itself, and finds a place for such rows.
    await sql
      .raw(
        `do $$ begin alter table ${table} validate constraint ${proof};
        exception when undefined_object then null;
          when check_violation then alter table ${table} drop constraint ${proof};
        end $$`
      )
      .execute(db);
  }
}

async function forget(db: Kysely<ITables>): Promise<void> {
  for (const table of PARTITIONED) {
    const { rows } = await sql`select 1 from pg_constraint
      where conrelid = to_regclass(${table}) and conname = ${proofOf(table)}`.execute(db);
    if (rows.length > 0) {
      await sql.raw(inTurns(`alter table ${table} drop constraint if exists ${proofOf(table)};`)).execute(db);
    }
  }
}

/** Whether the tables are there, and have no parts yet. */
async function isWhole(db: Kysely<ITables>): Promise<boolean> {
  const { rows } = await sql<{ relkind: string }>`
    select relkind from pg_class where oid = to_regclass('personal')`.execute(db);
  return rows[0]?.relkind === 'r';
}

/** Whether there is something, and all of it before a time; else there is nothing that could be proven. */
async function isEarlier(db: Kysely<ITables>, untilMs: number): Promise<boolean> {
  const { rows } = await sql<{ some: boolean; later: boolean }>`select exists (select 1 from record) as some,
    exists (select 1 from record where received_at_ms >= ${untilMs}) as later`.execute(db);
  return rows[0]?.some === true && !rows[0].later;
}

/** A statement for which everybody has to wait, and which gives way to them when it does not have its lock soon. */
function inTurns(statement: string): string {
  return `do $$ begin
    for turn in 1 .. ${TURNS} loop
      begin
        perform set_config('lock_timeout', '${TURN_MS}', true);
        ${statement}
        perform set_config('lock_timeout', '0', true);
        return;
      exception when lock_not_available then perform pg_sleep(1);
      end;
    end loop;
    raise exception 'The tables of the log are read without a pause (a running pg_dump does that): end it, and start the service again.';
  end $$`;
}
