import { countUpTo } from './in-order.js';
import type { IStretch } from './line-stretches.js';

/**
 * Those of which each two tell of the same places, or of none in common. What tells of deleted records cannot be cut where others
 * begin, so it is left out where it tells of some of theirs.
 *
 * @param prefersLater - of two lines about deleted records that do not agree the later one stays.
 */
export function agreeing(stretches: readonly IStretch[], prefersLater: boolean): ReadonlySet<IStretch> {
  const certain = stretches.filter(({ isContested }) => !isContested);
  const contested = stretches.filter(({ isContested }) => isContested);
  const taken = new Places(certain);
  const agree = (prefersLater ? contested.reverse() : contested).filter(one => taken.take(one));
  return new Set([...certain, ...agree]);
}

/** Places that stretches tell of, rising. */
export class Places {
  constructor(stretches: Iterable<IStretch>) {
    const sorted = [...stretches].sort((one, other) => one.first - other.first);
    for (const { first, end } of sorted) {
      if (first !== this.firsts.at(-1)) {
        this.firsts.push(first);
        this.ends.push(end);
      }
    }
  }

  has(place: number): boolean {
    return (this.firsts[countUpTo(this.ends, place)] ?? Infinity) <= place;
  }

  /** @returns false when it shares places with another one, but not all. */
  take({ first, end }: IStretch): boolean {
    const at = countUpTo(this.ends, first);
    if (this.firsts[at] === first && this.ends[at] === end) {
      return true;
    }
    if ((this.firsts[at] ?? Infinity) < end) {
      return false;
    }
    this.firsts.splice(at, 0, first);
    this.ends.splice(at, 0, end);
    return true;
  }

  private readonly firsts: number[] = [];
  private readonly ends: number[] = [];
}
