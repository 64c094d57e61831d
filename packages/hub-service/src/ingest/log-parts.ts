import type { Metrics } from '../metrics.js';
import type { IDatabase } from '../store/database.js';
import { SqlLogReader } from '../store/sql-log-reader.js';
import { SqlLogWriter } from '../store/sql-log-writer.js';
import { GroupCommit } from './group-commit.js';

/** Records of one transaction, at most (facts of November 2026: more makes others wait, fewer costs a sync for each). */
const GROUP_RECORDS = { sqlite: 300, postgres: 600 } as const;
/** Forty groups a second at most, unless they are full: ten thousand companions share the cost of a group by fours and fives. */
const GROUP_PACE_MS = 25;
/** Records that wait, at most: about 100 MB. */
const WAITING_RECORDS = 30_000;

export interface ILogPartsOptions {
  readonly database: IDatabase;
  readonly metrics: Metrics;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** What reads the log, and what appends to it in groups. */
export function logParts({ database, metrics, nowMs, monotonicMs }: ILogPartsOptions): {
  readonly reader: SqlLogReader;
  readonly writer: SqlLogWriter;
  readonly commit: GroupCommit;
} {
  const writer = new SqlLogWriter(database, nowMs);
  const commit = new GroupCommit({
    writer,
    groupRecords: GROUP_RECORDS[database.kind],
    waitingRecords: WAITING_RECORDS,
    paceMs: GROUP_PACE_MS,
    monotonicMs,
    committed: (records, tookMs) => {
      metrics.records.inc(records);
      metrics.groupSeconds.observe(tookMs / 1000);
    }
  });
  return { reader: new SqlLogReader(database, nowMs), writer, commit };
}
