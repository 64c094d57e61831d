import type { History, Sample } from '@labkeeper/protocol';

/** A step that is this many times too long was a gap, and is drawn as one. */
const GAP_STEPS = 3;
/** A sample may come this much early and still be the next row. */
const JITTER_MS = 500;

/**
 * A history with one more sample, the oldest row dropped beyond `length`. The page keeps its own history this way,
 * so that a chart needs no second request. A sample within the step of the last row is left out. Where the clock
 * stepped back, the rows that are now in the future go, because a chart's times must grow.
 *
 * @param history - columns of equal length, oldest first; not changed.
 * @param length - rows to keep.
 */
export function withSample(history: History, sample: Sample, length: number): History {
  const future = history.atMs.findIndex(atMs => atMs > sample.atMs);
  if (future >= 0) {
    return withSample(firstRows(history, future), sample, length);
  }
  const lastMs = history.atMs.at(-1);
  const passedMs = lastMs === undefined ? Infinity : sample.atMs - lastMs;
  if (passedMs < history.stepMs - Math.min(JITTER_MS, history.stepMs / 2)) {
    return history;
  }
  const isGap = lastMs !== undefined && passedMs > GAP_STEPS * history.stepMs;
  const append = <T>(column: readonly T[], value: T, gap: T): T[] => {
    const added = isGap ? [gap, value] : [value];
    return [...column.slice(Math.max(0, column.length + added.length - length)), ...added];
  };
  const { memory, cpu } = sample;
  return {
    stepMs: history.stepMs,
    atMs: append(history.atMs, sample.atMs, (lastMs ?? 0) + history.stepMs),
    unreclaimableBytes: append(history.unreclaimableBytes, memory?.unreclaimableBytes ?? null, null),
    cacheBytes: append(history.cacheBytes, memory?.cacheBytes ?? null, null),
    cpuCores: append(history.cpuCores, cpu?.usedCores ?? null, null),
    throttledShare: append(history.throttledShare, cpu?.throttledShare ?? null, null)
  };
}

/** A history without rows. */
export function emptyHistory(stepMs: number): History {
  return { stepMs, atMs: [], unreclaimableBytes: [], cacheBytes: [], cpuCores: [], throttledShare: [] };
}

function firstRows(history: History, rows: number): History {
  return {
    stepMs: history.stepMs,
    atMs: history.atMs.slice(0, rows),
    unreclaimableBytes: history.unreclaimableBytes.slice(0, rows),
    cacheBytes: history.cacheBytes.slice(0, rows),
    cpuCores: history.cpuCores.slice(0, rows),
    throttledShare: history.throttledShare.slice(0, rows)
  };
}
