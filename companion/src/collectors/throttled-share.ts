import type { IPeriods } from './cpu-quota.js';

/** How far back the share looks. */
const WINDOW_MS = 60_000;
/** Readings that come closer than this to the last one kept are not kept. */
const STEP_MS = 1000;

interface IMark extends IPeriods {
  readonly atMs: number;
}

/**
 * Share of scheduler periods in which the container was throttled, over the last minute. The difference of the
 * counters is taken and not `throttled_usec`, which is summed over run queues and can exceed the time that passed.
 */
export class ThrottledShare {
  /** Adds a reading; gives the share since the oldest one of the last minute, 0 while no period has passed. */
  add(reading: IPeriods, monotonicMs: number): number {
    const last = this.marks.at(-1);
    if (last && (reading.periods < last.periods || reading.throttled < last.throttled)) {
      // Another group, or the counters began anew.
      this.marks.length = 0;
    }
    // One mark older than the window stays: the share then covers the whole of it.
    while (this.marks.length > 1 && (this.marks[1]?.atMs ?? Infinity) <= monotonicMs - WINDOW_MS) {
      this.marks.shift();
    }
    const oldest = this.marks[0] ?? reading;
    const newest = this.marks.at(-1);
    if (!newest || monotonicMs - newest.atMs >= STEP_MS) {
      this.marks.push({ atMs: monotonicMs, periods: reading.periods, throttled: reading.throttled });
    }
    const periods = reading.periods - oldest.periods;
    return periods > 0 ? Math.min(1, (reading.throttled - oldest.throttled) / periods) : 0;
  }

  private readonly marks: IMark[] = [];
}
