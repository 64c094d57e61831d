import type { IStretch } from './line-stretches.js';

interface IChain {
  readonly lines: number;
  readonly stretch: IStretch;
  readonly before: IChain | null;
}

/** As many lines as can stay where they are, so that those that stay are in order: the others were moved. */
export function inOrder(stretches: readonly IStretch[]): ReadonlySet<IStretch> {
  const ends = [...new Set(stretches.map(({ end }) => end))].sort((one, other) => one - other);
  const longest = new LongestBelow(ends.length);
  for (const stretch of stretches) {
    const before = longest.upTo(countUpTo(ends, stretch.first));
    const chain = { lines: (before?.lines ?? 0) + stretch.lines, stretch, before };
    longest.add(countUpTo(ends, stretch.end), chain);
  }
  const kept = new Set<IStretch>();
  for (let chain = longest.upTo(ends.length); chain; chain = chain.before) {
    kept.add(chain.stretch);
  }
  return kept;
}

/** The longest of the chains that end so early (a Fenwick tree). */
class LongestBelow {
  constructor(private readonly size: number) {}

  upTo(count: number): IChain | null {
    let longest: IChain | null = null;
    for (let at = count; at > 0; at -= at & -at) {
      const chain = this.tree[at] ?? null;
      if (chain && chain.lines > (longest?.lines ?? 0)) {
        longest = chain;
      }
    }
    return longest;
  }

  add(rank: number, chain: IChain): void {
    for (let at = rank; at <= this.size; at += at & -at) {
      if (chain.lines > (this.tree[at]?.lines ?? 0)) {
        this.tree[at] = chain;
      }
    }
  }

  private readonly tree: (IChain | undefined)[] = [];
}

/** How many of rising numbers are at most this one. */
export function countUpTo(rising: ArrayLike<number>, most: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] ?? Infinity) <= most) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
