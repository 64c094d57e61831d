import { countUpTo } from './in-order.js';
import { LineCutter } from './line-cutter.js';
import { DIGEST_PLACES, type PlaceOf } from './line-stretches.js';

/** Of so many records of a filtered export the order is told: 16 MB of indexes. */
const MOST_RANKED = 1_000_000;

/**
 * The indexes that stand in a file, each once and rising: with a filter only those tell which record follows which.
 *
 * @returns null when there are too many.
 */
export function rankedIndexes(blocks: Iterable<Uint8Array>, place: PlaceOf): Float64Array | null {
  let indexes = new Float64Array(1024);
  let count = 0;
  const take = (line: Uint8Array): void => {
    const found = place(line);
    if (found !== null && found !== 'tail' && found.first < DIGEST_PLACES) {
      if (count === indexes.length && count < MOST_RANKED) {
        const more = new Float64Array(2 * count);
        more.set(indexes);
        indexes = more;
      }
      indexes[count] = found.first;
      count += 1;
    }
  };
  const none = { update: () => undefined, hexSoFar: () => '' };
  const cutter = new LineCutter(none, { line: take, longLine: () => undefined });
  for (const block of blocks) {
    cutter.push(block);
    if (count > MOST_RANKED) {
      return null;
    }
  }
  const sorted = indexes.subarray(0, count).sort();
  return sorted.filter((index, at) => at === 0 || index !== sorted[at - 1]);
}

/** The same places, but records are counted. */
export function rankedPlace(place: PlaceOf, ranked: Float64Array): PlaceOf {
  return line => {
    const found = place(line);
    return found === null || found === 'tail' || found.first >= DIGEST_PLACES
      ? found
      : { first: countUpTo(ranked, found.first) - 1, count: 1, isRecord: found.isRecord };
  };
}
