import type { Sample } from '@labkeeper/protocol';
import type { IHistoryPoint } from './history-ring.js';

/** The two rings on both sides of the wire: 15 minutes by the second, 24 hours by the minute. */
export const RECENT_HISTORY = { stepMs: 1000, capacity: 15 * 60 } as const;
export const DAY_HISTORY = { stepMs: 60_000, capacity: 24 * 60 } as const;

/** What the rings keep of a sample. */
export function historyPoint(sample: Sample): IHistoryPoint {
  return {
    atMs: sample.atMs,
    unreclaimableBytes: sample.memory?.unreclaimableBytes ?? null,
    cacheBytes: sample.memory?.cacheBytes ?? null,
    cpuCores: sample.cpu?.usedCores ?? null,
    throttledShare: sample.cpu?.throttledShare ?? null
  };
}
