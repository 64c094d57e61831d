import type { ICollector } from '../collectors/collector.js';
import type { Log } from '../log.js';
import type { ICollectorMetrics } from '../observer.js';

/** Runs a collector, takes its time, and tells once why it gives nothing: an absent feature is no error. */
export class Metered<T> {
  /**
   * @param collector - owned.
   * @param log - where absent features are told.
   */
  constructor(
    readonly collector: ICollector<T>,
    private readonly log: Log | undefined
  ) {}

  /** What the collector gives. */
  collect(): T | null {
    const startMs = performance.now();
    const value = this.collector.collect();
    this.lastMs = performance.now() - startMs;
    this.totalMs += this.lastMs;
    this.runs += 1;
    if (value === null) {
      this.empty += 1;
      const { name, reason } = this.collector;
      if (reason !== null && reason !== this.told) {
        this.told = reason;
        this.log?.(`no ${name}: ${reason}`);
      }
    }
    return value;
  }

  /** How it fares. */
  metrics(): ICollectorMetrics {
    return {
      runs: this.runs,
      empty: this.empty,
      totalMs: this.totalMs,
      lastMs: this.lastMs,
      reason: this.collector.reason
    };
  }

  close(): void {
    this.collector.close();
  }

  private runs = 0;
  private empty = 0;
  private totalMs = 0;
  private lastMs = 0;
  private told: string | null = null;
}
