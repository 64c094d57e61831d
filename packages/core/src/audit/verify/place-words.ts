import { recordsFrom } from './findings.js';
import { DIGEST_PLACES, type ILinePart } from './line-stretches.js';

/** Says places for people. */
export interface IPlaceWords {
  /** `record 7`, `records 7 to 9` or `digest 3`. @param end - the first that no longer belongs to them. */
  what(first: number, end: number): string;
  /** The index of a record; null = it is none. */
  indexOf(place: number): number | null;
}

/** @param ranked - the index of each place, where places are counted; null = they are indexes. */
export function placeWords(ranked: ArrayLike<number> | null): IPlaceWords {
  const indexOf = (place: number): number | null =>
    place >= DIGEST_PLACES ? null : (ranked?.[place] ?? place);
  return {
    indexOf,
    what: (first, end) => {
      const [low, high] = [indexOf(first), indexOf(end - 1)];
      if (low !== null && high !== null) {
        return recordsFrom(low, high + 1);
      }
      const [from, to] = [first - DIGEST_PLACES, end - 1 - DIGEST_PLACES];
      return from === to ? `digest ${from}` : `digests ${from} to ${to}`;
    }
  };
}

/** `line 7` or `lines 7 to 9`. */
export function asLines(part: ILinePart): string {
  return linesText(part).toLowerCase();
}

/** `Line 7` or `Lines 7 to 9`. */
export function linesText({ line, lines }: ILinePart): string {
  return lines === 1 ? `Line ${line}` : `Lines ${line} to ${line + lines - 1}`;
}
