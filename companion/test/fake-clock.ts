import type { IClock, IDisposable } from '../src/clock.js';

/** A clock that stands still until it is told to move. */
export class FakeClock implements IClock {
  constructor(private wall = Date.UTC(2026, 10, 24, 14, 0, 0)) {}

  wallMs(): number {
    return this.wall;
  }

  monotonicMs(): number {
    return this.monotonic;
  }

  after(delayMs: number, callback: () => void): IDisposable {
    const timer = { atMs: this.monotonic + Math.max(0, delayMs), callback };
    this.timers.add(timer);
    return { dispose: () => void this.timers.delete(timer) };
  }

  /** Moves both clocks, calling what is due in its order. */
  advance(byMs: number): void {
    const end = this.monotonic + byMs;
    for (let next = this.due(end); next; next = this.due(end)) {
      this.move(Math.max(next.atMs, this.monotonic));
      this.timers.delete(next);
      next.callback();
    }
    this.move(end);
  }

  /** The wall clock is set, or the machine slept: the monotonic clock does not notice. */
  stepWall(byMs: number): void {
    this.wall += byMs;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.timers.size;
  }

  private due(end: number): ITimer | undefined {
    let first: ITimer | undefined;
    for (const timer of this.timers) {
      if (timer.atMs <= end && (!first || timer.atMs < first.atMs)) {
        first = timer;
      }
    }
    return first;
  }

  private move(to: number): void {
    this.wall += to - this.monotonic;
    this.monotonic = to;
  }

  private monotonic = 1000;
  private readonly timers = new Set<ITimer>();
}

interface ITimer {
  readonly atMs: number;
  readonly callback: () => void;
}
