import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the loop is looked at, in ms. What is measured is the time between two looks, so that this is none of it. */
const RESOLUTION_MS = 20;
/** How long it is measured before it counts, in ms. */
const WINDOW_MS = 250;

/** How late the event loop of this process is. */
export class LoopLag {
  /** @param monotonicMs - milliseconds that only grow. */
  constructor(private readonly monotonicMs: () => number) {
    this.histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.histogram.enable();
    this.sinceMs = monotonicMs();
  }

  /** Mean of the last quarter of a second or more, in ms. */
  lagMs(): number {
    const nowMs = this.monotonicMs();
    if (nowMs - this.sinceMs >= WINDOW_MS) {
      // Without a look in this time the loop did not turn once: then what was known before counts.
      if (this.histogram.count > 0) {
        this.lag = Math.max(0, this.histogram.mean / 1e6 - RESOLUTION_MS);
      }
      this.histogram.reset();
      this.sinceMs = nowMs;
    }
    return this.lag;
  }

  close(): void {
    this.histogram.disable();
  }

  private readonly histogram: ReturnType<typeof monitorEventLoopDelay>;
  private sinceMs: number;
  private lag = 0;
}
