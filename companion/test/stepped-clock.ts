import type { IClock, IDisposable } from '../src/clock.js';

/** A clock that stands still until it is stepped; then what is due is called, in order. */
export class SteppedClock implements IClock {
  /** Delays asked for and not yet due or disposed, in order of time. */
  get pendingMs(): readonly number[] {
    return this.waiting.map(({ atMs }) => atMs - this.nowMs).sort((one, other) => one - other);
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  after(delayMs: number, callback: () => void): IDisposable {
    const entry = { atMs: this.nowMs + delayMs, callback };
    this.waiting.push(entry);
    return { dispose: () => void (this.waiting = this.waiting.filter(other => other !== entry)) };
  }

  step(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const [next] = this.waiting.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (!next) {
        break;
      }
      this.waiting = this.waiting.filter(entry => entry !== next);
      this.nowMs = next.atMs;
      next.callback();
    }
    this.nowMs = untilMs;
  }

  private nowMs = 0;
  private waiting: { readonly atMs: number; readonly callback: () => void }[] = [];
}
