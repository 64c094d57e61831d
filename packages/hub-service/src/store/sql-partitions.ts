import { monthAt, monthsToKeep, type IMonth } from '@labkeeper/core';
import { sql, type Kysely } from 'kysely';
import { ADVISORY_LOCKS } from './advisory-locks.js';
import type { IDatabase } from './database.js';
import {
  attachMonth,
  defaultOf,
  dropUnfinished,
  isLacking,
  makeMonth,
  monthOf,
  PARTITIONED,
  partitionsOf,
  type IPartition,
  type ITableMonth
} from './partitions.js';
import type { ITables } from './tables.js';

/** Number of PostgreSQL's advisory lock for "makes months": any, but always the same. */
const MONTHS_LOCK = ADVISORY_LOCKS.months;
/** Rows that are copied at a time. */
const AT_A_TIME = 5000;
/** Months with strays that are made at a time. */
const STRAY_MONTHS = 24;
/** What is later than this, epoch ms, is no time: it stays in the default part. */
const FAR_MS = Date.UTC(2200, 0, 1);
/** Strays are counted up to here. */
export const STRAYS_CAP = 10_000;
/** Longest wait for each lock that keeps everybody waiting, in ms. */
const LOCK_MS = 500;

/** How the months stand. */
export interface IPartitionState {
  /** Records in the default part, which no month was there for; counted up to `STRAYS_CAP`. */
  readonly strays: number;
  /** From now on until then there is a month for everything, epoch ms. */
  readonly madeUntilMs: number;
}

/** Keeps months of the log ready on PostgreSQL. */
export class SqlPartitions {
  /** @param nowMs - epoch ms. @param isEnding - whether to stop soon. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number,
    private readonly isEnding: () => boolean = () => false
  ) {
    this.db = database.write;
  }

  /**
   * Makes the months that are missing, ahead of time, and those of strays: records in the default part, which are moved
   * there. Of several replicas one at a time does.
   *
   * @returns false = another replica is at it.
   * @throws when it fails, or a lock is not to be had: then the log is as it was, and the next call begins anew.
   */
  keep(): Promise<boolean> {
    // One connection holds the lock, and no snapshot, while others work.
    return this.db.transaction().execute(async lock => {
      const { rows } = await sql<{ locked: boolean }>`
        select pg_try_advisory_xact_lock(${MONTHS_LOCK}) as locked`.execute(lock);
      if (rows[0]?.locked !== true) {
        return false;
      }
      await this.make();
      return true;
    });
  }

  /** How it stands now. */
  async state(): Promise<IPartitionState> {
    const partitions = await partitionsOf(this.database.read);
    const { rows } = await sql<{ strays: number }>`select count(*) as strays
      from (select 1 from record_default limit ${STRAYS_CAP}) as counted`.execute(this.database.read);
    const ends = PARTITIONED.map(table => {
      let untilMs = this.nowMs();
      for (;;) {
        const part = partitions.find(
          each => each.table === table && each.fromMs <= untilMs && each.untilMs > untilMs
        );
        if (!part) {
          return untilMs;
        }
        untilMs = part.untilMs;
      }
    });
    return { strays: rows[0]?.strays ?? 0, madeUntilMs: Math.min(...ends) };
  }

  private async make(): Promise<void> {
    await dropUnfinished(this.db);
    const partitions = await partitionsOf(this.db);
    const months = [...monthsToKeep(beginOf(partitions), this.nowMs()), ...(await this.strayMonths())];
    const lacking = [...new Map(months.map(month => [month.name, month])).values()].flatMap(month =>
      PARTITIONED.map((table): ITableMonth => ({ table, month })).filter(of => isLacking(partitions, of))
    );
    if (lacking.length === 0) {
      return;
    }
    const copied = new Map<ITableMonth, number>();
    for (const of of lacking) {
      await makeMonth(this.db, of);
      copied.set(of, await this.copy(of));
    }
    await this.settle(lacking, copied);
  }

  private async strayMonths(): Promise<readonly IMonth[]> {
    const months: IMonth[] = [];
    for (let fromMs = 0; months.length < STRAY_MONTHS;) {
      const { rows } = await sql<{
        first: number | null;
      }>`select min(received_at_ms) as first from record_default
        where received_at_ms >= ${fromMs} and received_at_ms < ${FAR_MS}`.execute(this.db);
      const first = rows[0]?.first ?? null;
      if (first === null) {
        break;
      }
      const month = monthAt(first);
      months.push(month);
      fromMs = month.untilMs;
    }
    return months;
  }

  /**
   * Copies strays while records come in. In the order of their indexes, which is that of their commits: what comes later has
   * a higher one.
   *
   * @returns the last index that is copied; -1 = none.
   */
  private async copy(of: ITableMonth): Promise<number> {
    for (let last = -1; ;) {
      if (this.isEnding()) {
        throw new Error('The service stops; the next start goes on.');
      }
      const { rows } = await sql<{ last: number | null; count: number }>`with batch as materialized (
          ${strays(of, last)} order by idx limit ${AT_A_TIME}
        ), stored as (insert into ${sql.table(monthOf(of))} select * from batch)
        select max(idx) as last, count(*) as count from batch`.execute(this.db);
      const [batch] = rows;
      last = batch?.last ?? last;
      if (batch === undefined || batch.count < AT_A_TIME) {
        return last;
      }
    }
  }

  /** Makes them parts of the log, with what came or went meanwhile. Nobody reads or writes the log for this moment. */
  private settle(lacking: readonly ITableMonth[], copied: ReadonlyMap<ITableMonth, number>): Promise<void> {
    return this.db.transaction().execute(async db => {
      await sql.raw(`set local lock_timeout = ${LOCK_MS}`).execute(db);
      // How long it takes goes by what strayed; were it broken off it would be tried again in vain, each time with these locks.
      await sql`set local statement_timeout = 0`.execute(db);
      // The whole too: who had begun to read it without the new part would miss what is moved there, and who had begun to
      // write would be refused.
      const tables = [...PARTITIONED.map(table => `only ${table}`), ...PARTITIONED.map(defaultOf)];
      await sql.raw(`lock table ${tables.join(', ')} in access exclusive mode`).execute(db);
      let strayed = false;
      for (const of of lacking) {
        const last = copied.get(of) ?? -1;
        const { numAffectedRows = 0n } =
          await sql`insert into ${sql.table(monthOf(of))} ${strays(of, last)}`.execute(db);
        if (last >= 0) {
          await deleteGone(db, of);
        }
        strayed ||= last >= 0 || numAffectedRows > 0n;
      }
      if (strayed) {
        await clear(db, lacking);
      }
      for (const of of lacking) {
        await attachMonth(db, of);
      }
    });
  }

  private readonly db: Kysely<ITables>;
}

/** Where months begin: what is before lies in one part. */
function beginOf(partitions: readonly IPartition[]): number {
  const whole = partitions.filter(({ table, fromMs }) => table === 'record' && fromMs === -Infinity);
  return whole[0]?.untilMs ?? 0;
}

/** Rows of the month that lie in the default part, behind an index. */
function strays({ table, month }: ITableMonth, last: number) {
  return sql`select * from ${sql.table(defaultOf(table))}
    where received_at_ms >= ${month.fromMs} and received_at_ms < ${month.untilMs} and idx > ${last}`;
}

/** An erasure or retention may have deleted what was copied. */
async function deleteGone(db: Kysely<ITables>, of: ITableMonth): Promise<void> {
  await sql`delete from ${sql.table(monthOf(of))} as m where not exists (
    select 1 from ${sql.table(defaultOf(of.table))} as d
    where d.idx = m.idx and d.received_at_ms = m.received_at_ms)`.execute(db);
}

/**
 * Takes from the default parts what lies in months now. Row by row, also where nothing else is in them: "truncate" empties a
 * table for those too who look at it as it was before, such as a pg_dump that has begun and not yet locked it.
 */
async function clear(db: Kysely<ITables>, lacking: readonly ITableMonth[]): Promise<void> {
  for (const table of PARTITIONED) {
    const months = lacking
      .filter(of => of.table === table)
      .map(({ month }) => sql`(received_at_ms >= ${month.fromMs} and received_at_ms < ${month.untilMs})`);
    if (months.length > 0) {
      await sql`delete from ${sql.table(defaultOf(table))} where ${sql.join(months, sql` or `)}`.execute(db);
    }
  }
}
