/** Entries that are held before full buckets are thrown away. */
const SWEEP_AT = 10_000;

export interface ITokenBucketOptions {
  readonly perSecond: number;
  /** What may come at once after a pause. */
  readonly burst: number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** Limits rates, one bucket for each key. A bucket that is not empty gives what is asked for, and is paid back later. */
export class TokenBuckets {
  constructor(private readonly options: ITokenBucketOptions) {}

  /** @returns 0 = taken; else nothing was taken, and it may be tried again after so many ms. */
  take(key: string, amount: number): number {
    const { perSecond, monotonicMs } = this.options;
    const nowMs = monotonicMs();
    const tokens = this.tokens(key, nowMs);
    if (tokens <= 0) {
      return Math.ceil(((1 - tokens) / perSecond) * 1000);
    }
    this.buckets.set(key, { tokens: tokens - amount, atMs: nowMs });
    if (this.buckets.size > this.sweepAt) {
      this.sweep(nowMs);
    }
    return 0;
  }

  /** Takes what was spent anyway. @param mostOwed - more is not owed: what comes later would wait for long. */
  spend(key: string, amount: number, mostOwed: number): void {
    const nowMs = this.options.monotonicMs();
    this.buckets.set(key, { tokens: Math.max(-mostOwed, this.tokens(key, nowMs) - amount), atMs: nowMs });
  }

  private tokens(key: string, nowMs: number): number {
    const { perSecond, burst } = this.options;
    const bucket = this.buckets.get(key);
    return bucket ? Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond) : burst;
  }

  /** A full bucket is as good as none. */
  private sweep(nowMs: number): void {
    for (const key of this.buckets.keys()) {
      if (this.tokens(key, nowMs) >= this.options.burst) {
        this.buckets.delete(key);
      }
    }
    this.sweepAt = Math.max(SWEEP_AT, 2 * this.buckets.size);
  }

  private readonly buckets = new Map<string, { tokens: number; atMs: number }>();
  private sweepAt = SWEEP_AT;
}
