/** Positions of a longest strictly increasing subsequence, in their order. */
export function longestIncreasing(values: readonly number[]): number[] {
  // ends[length]: the position with the smallest value at which a subsequence of length + 1 ends.
  const ends: number[] = [];
  const before: (number | null)[] = [];
  values.forEach((value, position) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const end = ends[middle];
      if (end !== undefined && (values[end] ?? Infinity) < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    before[position] = low > 0 ? (ends[low - 1] ?? null) : null;
    ends[low] = position;
  });
  const found: number[] = [];
  for (let at = ends.at(-1) ?? null; at !== null; at = before[at] ?? null) {
    found.push(at);
  }
  return found.reverse();
}
