import type { IAnchorResult } from './anchors.js';

/** A clock may go so wrong, in ms: those of replicas differ by seconds. */
export const CLOCK_MS = 10 * 60_000;

/** A record that says it came long before one that stands before it. */
interface IStep {
  readonly index: number;
  readonly byMs: number;
}

/** When records came, as they say themselves: whoever makes them anew can write old times into them, but not everywhere. */
export class ReceivedTimes {
  /** Earliest of the records of each digest that are here, epoch ms, by the digest's number. */
  readonly earliest = new Map<number, number>();

  /** @param digest - whose record it is; null = of none that is known. */
  add(index: number, digest: number | null, receivedAtMs: number): void {
    if (digest !== null) {
      this.earliest.set(digest, Math.min(this.earliest.get(digest) ?? receivedAtMs, receivedAtMs));
    }
    const byMs = this.latestMs - receivedAtMs;
    if (byMs > CLOCK_MS && byMs > (this.worst?.byMs ?? 0)) {
      this.worst = { index, byMs };
    }
    this.latestMs = Math.max(this.latestMs, receivedAtMs);
  }

  /** Says that times go back, where they do: no proof that anything was altered, since clocks are set back too. */
  results(): readonly IAnchorResult[] {
    if (!this.worst) {
      return [];
    }
    const { index, byMs } = this.worst;
    const what = `Record ${index} says that it came ${Math.floor(byMs / 60_000)} minutes before one that stands before it: the service's clock was set back, or records were made anew with times of old.`;
    return [{ kind: 'received', name: 'times', verdict: 'late', what }];
  }

  private latestMs = -Infinity;
  private worst: IStep | null = null;
}
