/** Measured times that count: at one commit every 5 s, what happened in the last minute and a half. */
const REMEMBERED = 16;
/** The time that decides: one slow answer among ten does not. */
const QUANTILE = 0.9;
/**
 * The volume is busy with our syncs for a hundredth of the time: 50 ms per sync, as on NFS and EFS, gives 11.3 syncs a
 * minute. Below a millisecond, as on a local disk, nobody waits.
 */
const PAUSE_PER_SYNC = 106;
/** Longest pause: with it and two slow writes, nothing waits for 30 s. */
const LONGEST_PAUSE_MS = 10_000;
/** A commit that took more than one sync is paid for by several pauses that are this much longer, in parts of 1. */
const REPAID = 0.4;
/** What is told is a multiple of this, and some more than is needed, so that it does not change with every write. */
const BOUND_STEP_MS = 500;
const BOUND_MARGIN = 1.25;

/** Decides how often the journal is forced to the disk, from how long that takes. */
export class SyncPace {
  /**
   * A commit ended.
   *
   * @param syncMs - how long it took to force something to the disk once.
   * @param syncs - how many times that was done.
   */
  ended(syncMs: number, syncs: number): void {
    this.debt += syncs - 1 - this.repaid(this.debt);
    this.durations.push(syncMs);
    this.durations.splice(0, this.durations.length - REMEMBERED);
    const sorted = [...this.durations].sort((a, b) => a - b);
    this.usualMs = sorted[Math.floor((sorted.length - 1) * QUANTILE)] ?? 0;
    // A record that comes when a commit has just begun waits for that commit or for the pause behind it, and then for
    // its own; both commits may begin a segment, and the first be one that is paid for by the longest pause.
    // One slow answer says nothing about the next, and the first one of all is often slow.
    const commitMs = 2 * (sorted.at(-2) ?? 0);
    const longestMs = Math.max(this.pause(Infinity), commitMs) + commitMs;
    if ((sorted.length > 1 && longestMs > this.bound) || BOUND_MARGIN * longestMs < this.bound / 2) {
      this.bound = Math.max(1, Math.ceil((BOUND_MARGIN * longestMs) / BOUND_STEP_MS)) * BOUND_STEP_MS;
    }
  }

  /** From the beginning of the last commit to that of the next one, in ms. */
  get pauseMs(): number {
    return this.pause(this.debt);
  }

  /** The longest that a record waits until it is on the disk, in ms, as far as past times tell. */
  get boundMs(): number {
    return this.bound;
  }

  private pause(debt: number): number {
    return Math.min(LONGEST_PAUSE_MS, PAUSE_PER_SYNC * this.usualMs * (1 + this.repaid(debt)));
  }

  private repaid(debt: number): number {
    return Math.min(1, REPAID * debt);
  }

  private readonly durations: number[] = [];
  /** What one sync takes, but for the slowest tenth. */
  private usualMs = 0;
  private bound = BOUND_STEP_MS;
  /** Syncs that the pauses have not made up for. */
  private debt = 0;
}
