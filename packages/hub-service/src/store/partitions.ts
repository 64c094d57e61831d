import type { IMonth } from '@labkeeper/core';
import { sql, type Kysely } from 'kysely';
import type { ITables } from './tables.js';

/** The tables that PostgreSQL keeps by months, in the order in which an append writes to them: locks are taken in it too. */
export const PARTITIONED = ['record', 'record_body', 'personal'] as const;
export type PartitionedTable = (typeof PARTITIONED)[number];

/** A part of a table, but the default one: [fromMs, untilMs), epoch ms; without a bound it is infinite. */
export interface IPartition {
  readonly table: string;
  readonly name: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A month of one table. */
export interface ITableMonth {
  readonly table: PartitionedTable;
  readonly month: IMonth;
}

/** Stands at a table that is being filled: one without it that is no part of the log any more is an archive of the DBA's. */
const COMING = 'labkeeper: this month is being filled';

/** What the parts are named that are no months: what was there before there were any, and what has none. */
export const beforeOf = (table: PartitionedTable): string => `${table}_before`;
export const defaultOf = (table: PartitionedTable): string => `${table}_default`;
export const monthOf = ({ table, month }: ITableMonth): string => `${table}_${month.name}`;

/** All parts but the default ones, of all tables. */
export async function partitionsOf(db: Kysely<ITables>): Promise<readonly IPartition[]> {
  const tables = PARTITIONED.map(table => sql`to_regclass(${table})`);
  const { rows } = await sql<{ table: string; name: string; bound: string }>`
    select p.relname as "table", c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
    from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_class c on c.oid = i.inhrelid
    where i.inhparent in (${sql.join(tables)})`.execute(db);
  return rows.flatMap(({ table, name, bound }) => {
    const [, from, until] = /^FOR VALUES FROM \((.*)\) TO \((.*)\)$/.exec(bound) ?? [];
    return from === undefined || until === undefined
      ? []
      : [{ table, name, fromMs: boundMs(from), untilMs: boundMs(until) }];
  });
}

/** Whether no part of the table has the month. */
export function isLacking(partitions: readonly IPartition[], { table, month }: ITableMonth): boolean {
  return !partitions.some(
    part => part.table === table && part.fromMs <= month.fromMs && part.untilMs >= month.untilMs
  );
}

/** Makes an empty table, with all indexes, that `attachMonth` can make a part of the log without reading it. */
export async function makeMonth(db: Kysely<ITables>, of: ITableMonth): Promise<void> {
  const { fromMs, untilMs } = of.month;
  const name = monthOf(of);
  // The unique indexes of the default part are of its own: no table by months can have them without the time in them.
  await sql
    .raw(
      `create table ${name} (like ${defaultOf(of.table)} including all);
      alter table ${name} add constraint ${name}_month
        check (received_at_ms >= ${fromMs} and received_at_ms < ${untilMs});
      comment on table ${name} is '${COMING}'`
    )
    .execute(db);
}

/** Nothing of the month may be in the default part. */
export async function attachMonth(db: Kysely<ITables>, of: ITableMonth): Promise<void> {
  const { fromMs, untilMs } = of.month;
  const name = monthOf(of);
  await sql
    .raw(
      `alter table ${of.table} attach partition ${name} for values from (${fromMs}) to (${untilMs});
      alter table ${name} drop constraint ${name}_month;
      comment on table ${name} is null`
    )
    .execute(db);
}

/** Drops what somebody was interrupted at: all that is in it is in the default part too. */
export async function dropUnfinished(db: Kysely<ITables>): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c
    join pg_description d on d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid = 0
    where d.description = ${COMING} and c.relkind = 'r' and not c.relispartition
    and c.relnamespace = (select relnamespace from pg_class where oid = to_regclass('record'))`.execute(db);
  for (const { name } of rows) {
    await sql`drop table ${sql.table(name)}`.execute(db);
  }
}

function boundMs(text: string): number {
  if (text === 'MINVALUE') {
    return -Infinity;
  }
  return text === 'MAXVALUE' ? Infinity : Number(text.replaceAll("'", ''));
}
