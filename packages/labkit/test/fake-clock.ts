import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { IClock } from '../src/clock.js';

interface ITimer {
  atMs: number;
  readonly callback: () => void;
}

/** A page's clock that stands still until it is told to move. */
export class FakeClock implements IClock {
  now(): number {
    return this.wallMs;
  }

  after(delayMs: number, callback: () => void): IDisposable {
    const timer = { atMs: this.runMs + delayMs, callback };
    this.timers.add(timer);
    this.delays.push(delayMs);
    return new DisposableDelegate(() => this.timers.delete(timer));
  }

  /** Lets time pass, calling what is due in its order. */
  advance(byMs: number): void {
    const endMs = this.runMs + byMs;
    for (;;) {
      const [next] = [...this.timers].filter(timer => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) {
        break;
      }
      this.timers.delete(next);
      this.move(next.atMs);
      next.callback();
    }
    this.move(endMs);
  }

  /** The machine sleeps: the time of day goes on, timers do not. */
  sleep(forMs: number): void {
    this.wallMs += forMs;
  }

  /** Every delay that was asked for, oldest first. */
  readonly delays: number[] = [];

  private move(toMs: number): void {
    this.wallMs += toMs - this.runMs;
    this.runMs = toMs;
  }

  private readonly timers = new Set<ITimer>();
  private wallMs = Date.UTC(2026, 10, 24, 14, 0, 0);
  private runMs = 0;
}
