/** Indexes that lie one behind the other: the first, and the first after them. */
export type IndexRange = readonly [first: number, end: number];

/**
 * Indexes as ranges, none of which reaches over a border.
 *
 * @param indexes - rising.
 * @param borders - where digests begin, rising.
 */
export function wholeRanges(indexes: readonly number[], borders: readonly number[]): readonly IndexRange[] {
  const ranges: [number, number][] = [];
  let at = 0;
  for (const index of indexes) {
    let isBorder = false;
    for (let border = borders[at]; border !== undefined && border <= index; border = borders[at]) {
      isBorder ||= border === index;
      at += 1;
    }
    const last = ranges.at(-1);
    if (last?.[1] === index && !isBorder) {
      last[1] = index + 1;
    } else {
      ranges.push([index, index + 1]);
    }
  }
  return ranges;
}
