import type { IClock, IDisposable } from '../clock.js';

/** A hidden page with unsafe work hears this often that time passes. */
const TICK_MS = 5000;
/** For so long after it was hidden, or sent its last batch, a page may have more to say. */
const TICKING_MS = 60_000;

/** Tells hidden pages that time passes: their own timers are slowed down or stopped, messages to them are not. */
export class PageTicks implements IDisposable {
  constructor(private readonly clock: IClock) {}

  /** A hidden page sent a batch, or one was hidden: for a while it hears that time passes. Browsers stop no other's clock. */
  heard(tick: () => void): void {
    this.ticking.set(tick, this.clock.monotonicMs());
    this.timer ??= this.clock.after(TICK_MS, () => this.tick());
  }

  /** A page is seen, or gone. */
  forget(tick: () => void): void {
    this.ticking.delete(tick);
  }

  dispose(): void {
    this.timer?.dispose();
  }

  private tick(): void {
    this.timer = null;
    const nowMs = this.clock.monotonicMs();
    for (const [tick, atMs] of this.ticking) {
      if (nowMs - atMs > TICKING_MS) {
        this.ticking.delete(tick);
      } else {
        tick();
      }
    }
    if (this.ticking.size > 0) {
      this.timer = this.clock.after(TICK_MS, () => this.tick());
    }
  }

  private readonly ticking = new Map<() => void, number>();
  private timer: IDisposable | null = null;
}
