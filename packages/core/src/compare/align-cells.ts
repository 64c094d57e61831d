import { diffArrays } from 'diff';
import { longestIncreasing } from './longest-increasing.js';
import { similarity, wordsOf } from './similarity.js';

/** What is looked at to find the same cell in another version of a notebook. */
export interface IAlignable {
  /** null = the file gives none. */
  readonly id: string | null;
  /** `code`, `markdown`, `raw`. */
  readonly type: string;
  readonly source: string;
}

/** The place of a cell in both versions; null = it is not in that one. Never null in both. */
export interface IPair {
  readonly left: number | null;
  readonly right: number | null;
}

interface IRange {
  readonly leftFrom: number;
  readonly leftTo: number;
  readonly rightFrom: number;
  readonly rightTo: number;
}

/** A pair that is in both. */
interface IAnchor {
  readonly left: number;
  readonly right: number;
}

/** Two cells with less in common are two cells. */
const SIMILAR = 0.4;
/** Where more cells than this would have to be compared with one another, none is. */
const MOST_COMPARISONS = 40_000;
/** After so many cells that are only on one side, what equals what is not looked for any more. */
const MOST_EDITS = 400;

/**
 * Finds the cells of one version of a notebook in another: by their ids, between those by the same source, and between
 * those by similar source. Every cell of both sides comes exactly once, and each side keeps its order; so a cell that was
 * moved is one that is gone and one that is new.
 */
export function alignCells(left: readonly IAlignable[], right: readonly IAlignable[]): IPair[] {
  const byId = between(left, right, [], () => sameIds(left, right));
  const bySource = between(left, right, byId, range => sameSources(left, right, range));
  const anchors = between(left, right, bySource, range => similarSources(left, right, range));
  const pairs: IPair[] = [];
  for (const { range, end } of gaps(left, right, anchors)) {
    for (let at = range.leftFrom; at < range.leftTo; at += 1) {
      pairs.push({ left: at, right: null });
    }
    for (let at = range.rightFrom; at < range.rightTo; at += 1) {
      pairs.push({ left: null, right: at });
    }
    if (end) {
      pairs.push(end);
    }
  }
  return pairs;
}

/** Adds what is found between the anchors that are known. */
function between(
  left: readonly unknown[],
  right: readonly unknown[],
  anchors: readonly IAnchor[],
  find: (range: IRange) => readonly IAnchor[]
): IAnchor[] {
  return gaps(left, right, anchors).flatMap(({ range, end }) => {
    const isEmpty = range.leftFrom === range.leftTo || range.rightFrom === range.rightTo;
    return [...(isEmpty ? [] : find(range)), ...(end ? [end] : [])];
  });
}

/** What lies before each anchor, and after the last one. */
function gaps(
  left: readonly unknown[],
  right: readonly unknown[],
  anchors: readonly IAnchor[]
): { readonly range: IRange; readonly end: IAnchor | null }[] {
  let leftFrom = 0;
  let rightFrom = 0;
  const before = anchors.map(end => {
    const range = { leftFrom, leftTo: end.left, rightFrom, rightTo: end.right };
    leftFrom = end.left + 1;
    rightFrom = end.right + 1;
    return { range, end };
  });
  return [
    ...before,
    { range: { leftFrom, leftTo: left.length, rightFrom, rightTo: right.length }, end: null }
  ];
}

/** Cells of one id that no other cell of their version has, but for those that were moved. */
function sameIds(left: readonly IAlignable[], right: readonly IAlignable[]): IAnchor[] {
  const places = uniqueIds(right);
  const found: IAnchor[] = [];
  for (const [id, at] of uniqueIds(left)) {
    const place = places.get(id);
    if (place !== undefined) {
      found.push({ left: at, right: place });
    }
  }
  found.sort((a, b) => a.left - b.left);
  const kept = new Set(longestIncreasing(found.map(anchor => anchor.right)));
  return found.filter((_, position) => kept.has(position));
}

function uniqueIds(cells: readonly IAlignable[]): Map<string, number> {
  const places = new Map<string, number>();
  const doubles = new Set<string>();
  cells.forEach(({ id }, at) => {
    if (id !== null) {
      if (places.has(id)) {
        doubles.add(id);
      }
      places.set(id, at);
    }
  });
  doubles.forEach(id => places.delete(id));
  return places;
}

/** Cells of one type with the same source, as many as there can be without crossing. */
function sameSources(
  left: readonly IAlignable[],
  right: readonly IAlignable[],
  { leftFrom, leftTo, rightFrom, rightTo }: IRange
): IAnchor[] {
  const keyOf = ({ type, source }: IAlignable): string => `${type}\n${source}`;
  const changes = diffArrays(
    left.slice(leftFrom, leftTo).map(keyOf),
    right.slice(rightFrom, rightTo).map(keyOf),
    {
      maxEditLength: MOST_EDITS
    }
  );
  const found: IAnchor[] = [];
  let leftAt = leftFrom;
  let rightAt = rightFrom;
  for (const { added, removed, count } of changes ?? []) {
    for (let step = 0; !added && !removed && step < count; step += 1) {
      found.push({ left: leftAt + step, right: rightAt + step });
    }
    leftAt += added ? 0 : count;
    rightAt += removed ? 0 : count;
  }
  return found;
}

/** Cells of one type with similar source: those pairs that together have most in common. */
function similarSources(
  left: readonly IAlignable[],
  right: readonly IAlignable[],
  { leftFrom, leftTo, rightFrom, rightTo }: IRange
): IAnchor[] {
  const rows = leftTo - leftFrom;
  const columns = rightTo - rightFrom;
  if (rows * columns > MOST_COMPARISONS) {
    return [];
  }
  const leftWords = left.slice(leftFrom, leftTo).map(({ source }) => wordsOf(source));
  const rightWords = right.slice(rightFrom, rightTo).map(({ source }) => wordsOf(source));
  const alike = leftWords.map((words, row) =>
    rightWords.map((others, column) => {
      const isOneType = left[leftFrom + row]?.type === right[rightFrom + column]?.type;
      const share = isOneType ? similarity(words, others) : 0;
      return share >= SIMILAR ? share : 0;
    })
  );
  // best[row][column]: the most that cells from row and column on can have in common.
  const best = Array.from({ length: rows + 1 }, () => new Float64Array(columns + 1));
  const at = (row: number, column: number): number => best[row]?.[column] ?? 0;
  const share = (row: number, column: number): number => alike[row]?.[column] ?? 0;
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      const paired = share(row, column) > 0 ? share(row, column) + at(row + 1, column + 1) : 0;
      best[row]?.fill(Math.max(paired, at(row + 1, column), at(row, column + 1)), column, column + 1);
    }
  }
  const found: IAnchor[] = [];
  for (let row = 0, column = 0; row < rows && column < columns;) {
    if (share(row, column) > 0 && at(row, column) === share(row, column) + at(row + 1, column + 1)) {
      found.push({ left: leftFrom + row, right: rightFrom + column });
      row += 1;
      column += 1;
    } else if (at(row + 1, column) >= at(row, column + 1)) {
      row += 1;
    } else {
      column += 1;
    }
  }
  return found;
}
