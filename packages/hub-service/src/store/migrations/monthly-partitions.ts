import { monthAt, monthsToKeep } from '@labkeeper/core';
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import { lockWhole, proofOf } from '../partition-proof.js';
import {
  attachMonth,
  beforeOf,
  defaultOf,
  makeMonth,
  PARTITIONED,
  type PartitionedTable
} from '../partitions.js';
import type { ITables } from '../tables.js';

/**
 * Records by months of their received time, on PostgreSQL. What is there becomes the first part as it is, with the current
 * and the next month: no row is copied, and no index is built. SQLite keeps its plain tables: it has one file, from
 * which no part could be taken away.
 *
 * From here on `record_idx` and `record_stream` are unique within a month only. Across months the log's head and each
 * stream's head see to it, which is what they did before as well: they move by compare-and-set under a row's lock.
 */
export function monthlyPartitions(kind: DatabaseKind): Migration {
  return {
    async up(db: Kysely<ITables>) {
      if (kind === 'sqlite') {
        return;
      }
      // Appends and reads wait from here on until the end of the transaction.
      await lockWhole(db);
      const nowMs = Date.now();
      const [some] = await db.selectFrom('record').select('idx').limit(1).execute();
      const untilMs = some ? monthAt(monthAt(nowMs).untilMs).untilMs : monthAt(nowMs).fromMs;
      // Their packages are known: the trigger would look for each name.
      await sql`select set_config('labkeeper.terms', 'kept', true)`.execute(db);
      for (const table of PARTITIONED) {
        await replace(db, table);
        for (const month of monthsToKeep(untilMs, nowMs)) {
          await makeMonth(db, { table, month });
          await attachMonth(db, { table, month });
        }
        await attachBefore(db, table, untilMs);
      }
    }
  };
}

interface IDefinition {
  readonly name: string;
  readonly definition: string;
}

/** Puts an empty table by months in the place of one, which is renamed, and which its indexes are taken from. */
async function replace(db: Kysely<ITables>, table: PartitionedTable): Promise<void> {
  const before = beforeOf(table);
  const run = (text: string) => sql.raw(text).execute(db);
  const read = async (text: string): Promise<readonly IDefinition[]> =>
    (await sql.raw<IDefinition>(text).execute(db)).rows;
  const keys = await read(`select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
    where conrelid = '${table}'::regclass and contype = 'p'`);
  // Those that are unique stay with each part. Definitions name the table, so they are read before it is renamed.
  const indexes = await read(`select c.relname as name, pg_get_indexdef(c.oid) as definition from pg_index i
    join pg_class c on c.oid = i.indexrelid where i.indrelid = '${table}'::regclass and not i.indisunique`);
  const triggers = await read(`select tgname as name, pg_get_triggerdef(oid) as definition from pg_trigger
    where tgrelid = '${table}'::regclass and not tgisinternal`);

  await run(`alter table ${table} rename to ${before}`);
  for (const { name } of keys) {
    await run(`alter table ${before} rename constraint ${name} to ${name}_before`);
  }
  for (const { name } of indexes) {
    await run(`alter index ${name} rename to ${name}_before`);
  }
  for (const { name } of triggers) {
    // Each part gets the trigger of the whole.
    await run(`drop trigger ${name} on ${before}`);
  }
  await run(
    `create table ${table} (like ${before} including defaults including storage) partition by range (received_at_ms)`
  );
  for (const { name, definition } of keys) {
    await run(`alter table ${table} add constraint ${name} ${definition}`);
  }
  for (const { definition } of [...indexes, ...triggers]) {
    await run(definition);
  }
  const rest = defaultOf(table);
  await run(`create table ${rest} (like ${before} including all excluding constraints)`);
  await run(`alter table ${table} attach partition ${rest} default`);
}

/** Where the proof is there, nothing is read. */
async function attachBefore(db: Kysely<ITables>, table: PartitionedTable, untilMs: number): Promise<void> {
  const before = beforeOf(table);
  // A clock was ahead: they go into months of their own or into the default part.
  await sql
    .raw(
      `with later as (delete from ${before} where received_at_ms >= ${untilMs} returning *)
      insert into ${table} select * from later`
    )
    .execute(db);
  await sql
    .raw(`alter table ${table} attach partition ${before} for values from (minvalue) to (${untilMs})`)
    .execute(db);
  await sql.raw(`alter table ${before} drop constraint if exists ${proofOf(table)}`).execute(db);
}
