/** Indexes that acts excuse. */
export interface IExcusedRange {
  readonly first: number;
  readonly end: number;
  /** Index of the act. */
  readonly act: number;
}

/** Which records of a log are missing for a reason. */
export class ExcusedRanges {
  /** @param ranges - rising, and none over another. */
  constructor(ranges: readonly IExcusedRange[]) {
    let before = 0;
    for (const { first, end } of ranges) {
      this.firsts.push(first);
      this.ends.push(end);
      this.before.push(before);
      before += end - first;
    }
  }

  /** How many of [first, end) are excused. */
  between(first: number, end: number): number {
    return end > first ? this.below(end) - this.below(first) : 0;
  }

  /** How many indexes below this one are. */
  private below(index: number): number {
    let [low, high] = [0, this.firsts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.firsts[middle] ?? Infinity) < index) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const [first, end, before] = [this.firsts[low - 1], this.ends[low - 1], this.before[low - 1]];
    return first === undefined || end === undefined || before === undefined
      ? 0
      : before + Math.min(end, index) - first;
  }

  private readonly firsts: number[] = [];
  private readonly ends: number[] = [];
  private readonly before: number[] = [];
}
