/** Up to this much between two looks the wall clock is corrected, not set. */
const DRIFT_MS = 2000;
/** A clock that was set and stayed so for this long is right, and followed. */
const SETTLED_MS = 5 * 60_000;

/**
 * The wall clock without its leaps. Deadlines are wall-clock times, so whether one is near depends on a clock that may
 * be set by hours and back again, by a time service that starts late or an administrator's slip. This one goes on at
 * the pace of the monotonic clock, and follows the wall clock in small corrections and when it has stayed where it was
 * set: a notice neither appears nor vanishes because of a leap.
 */
export class SteadyWall {
  /** The time now, in ms since the Unix epoch, from both clocks in ms. To be asked every few minutes at least. */
  wallMs(wallMs: number, monotonicMs: number): number {
    const offsetMs = wallMs - monotonicMs;
    if (this.offsetMs === null || near(offsetMs, this.offsetMs)) {
      this.offsetMs = offsetMs;
      this.set = null;
    } else if (this.set === null || !near(offsetMs, this.set.offsetMs)) {
      this.set = { offsetMs, sinceMs: monotonicMs };
    } else if (monotonicMs - this.set.sinceMs >= SETTLED_MS) {
      this.offsetMs = offsetMs;
      this.set = null;
    }
    return monotonicMs + this.offsetMs;
  }

  /** What the wall clock is ahead of the monotonic one. */
  private offsetMs: number | null = null;
  /** Where the wall clock was set, and when that was seen. */
  private set: { readonly offsetMs: number; readonly sinceMs: number } | null = null;
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= DRIFT_MS;
}
