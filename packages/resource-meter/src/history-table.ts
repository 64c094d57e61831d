import type { History } from '@labkeeper/protocol';

/** One row of the table behind a chart: a stretch of time with its highest memory and its mean CPU. */
export interface IHistoryRow {
  readonly fromMs: number;
  /** Highest memory that could not be freed, and the cache beside it; null = not measured. */
  readonly unreclaimableBytes: number | null;
  readonly cacheBytes: number | null;
  readonly cpuCores: number | null;
  /** Highest share of throttled periods. */
  readonly throttledShare: number | null;
}

/** What a person would read: 15 rows of one minute, or 24 of one hour. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * A history folded to rows that a person can read, newest first: by the minute for one of seconds, by the hour for
 * one of minutes.
 */
export function historyTable(history: History): readonly IHistoryRow[] {
  const widthMs = history.stepMs < MINUTE_MS ? MINUTE_MS : HOUR_MS;
  const buckets = new Map<number, number[]>();
  history.atMs.forEach((atMs, index) => {
    const fromMs = Math.floor(atMs / widthMs) * widthMs;
    const bucket = buckets.get(fromMs);
    if (bucket) {
      bucket.push(index);
    } else {
      buckets.set(fromMs, [index]);
    }
  });
  const known = (column: readonly (number | null)[], indexes: readonly number[]): number[] =>
    indexes.map(index => column[index] ?? null).filter(value => value !== null);
  const highest = (values: readonly number[]): number | null =>
    values.length > 0 ? Math.max(...values) : null;
  const mean = (values: readonly number[]): number | null =>
    values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  return [...buckets]
    .map(([fromMs, indexes]) => ({
      fromMs,
      unreclaimableBytes: highest(known(history.unreclaimableBytes, indexes)),
      cacheBytes: highest(known(history.cacheBytes, indexes)),
      cpuCores: mean(known(history.cpuCores, indexes)),
      throttledShare: highest(known(history.throttledShare, indexes))
    }))
    .reverse();
}
