import { countUpTo } from './in-order.js';
import type { IListed } from './verify-report.js';

/** Indexes of records, up to a number of them. They are sorted once, however often they are asked for. */
export class KnownIndexes {
  constructor(private readonly most: number) {}

  /** Whether there may have been more. */
  get isFull(): boolean {
    return this.indexes.size === this.most;
  }

  add(index: number): void {
    if (!this.isFull) {
      this.indexes.add(index);
    }
  }

  has(index: number): boolean {
    return this.indexes.has(index);
  }

  /** Those of [first, end). */
  between(first: number, end: number): IListed<number> {
    if (this.rising.length !== this.indexes.size) {
      this.rising = Float64Array.from(this.indexes).sort();
    }
    return listedBetween(this.rising, first, end);
  }

  private readonly indexes = new Set<number>();
  private rising = new Float64Array(0);
}

/** So many are named in one sentence. */
export const MOST_NAMED = 20;

/** Rising numbers of [first, end): how many, and as many as are named. */
export function listedBetween(rising: ArrayLike<number>, first: number, end: number): IListed<number> {
  const from = countUpTo(rising, first - 1);
  const count = countUpTo(rising, end - 1) - from;
  const named = Array.from({ length: Math.min(count, MOST_NAMED) }, (_, at) => rising[from + at] ?? 0);
  return { count, first: named };
}
