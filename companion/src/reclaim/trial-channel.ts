import type { IClock, IDisposable } from '../clock.js';
import { ToldChannel } from './told-channel.js';

/** A trial is over this long after its deadline: time to see what would have been lost. */
const OVER_MS = 10_000;

/** A reclaim that is only a trial: it is told like a real one, and passes by itself. */
export class TrialChannel extends ToldChannel {
  constructor(private readonly clock: IClock) {
    super('trial');
  }

  /** Begins a trial of so many seconds, in the place of one that runs; 0 ends the one that runs. */
  begin(seconds: number): void {
    this.end?.dispose();
    this.end = null;
    if (seconds <= 0) {
      this.says([]);
      return;
    }
    const afterMs = Math.round(seconds * 1000);
    this.says([
      {
        // A key of its own: a second trial is a second notice.
        key: `${++this.count}`,
        kind: 'trial',
        deadlineMs: Math.round(this.clock.wallMs()) + afterMs,
        source: 'you'
      }
    ]);
    this.end = this.clock.after(afterMs + OVER_MS, () => this.says([]));
  }

  private end: IDisposable | null = null;
  private count = 0;
}
