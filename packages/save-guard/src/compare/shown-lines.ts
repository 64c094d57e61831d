import type { IHunk } from '@labkeeper/core';

/** A line of two texts side by side, or a number of equal lines that are not shown. */
export type ShownLine =
  | { readonly kind: 'equal'; readonly text: string }
  | { readonly kind: 'changed'; readonly left: string | null; readonly right: string | null }
  | { readonly kind: 'folded'; readonly count: number }
  /** There is more than can be shown; so many lines of both texts together. */
  | { readonly kind: 'more'; readonly count: number };

/** Equal lines that are shown around a difference. */
const CONTEXT = 3;
/** Lines that are shown of one difference. */
const MOST_LINES = 400;
/** What is shown of one line, in UTF-16 units. */
const LONGEST_LINE = 2000;

/** What is shown of two texts: the lines that differ, and some around them. */
export function shownLines(hunks: readonly IHunk[]): ShownLine[] {
  const lines = hunks.flatMap((hunk, at) =>
    hunk.isEqual ? equalLines(hunk.left, at > 0, at < hunks.length - 1) : changedLines(hunk)
  );
  if (lines.length <= MOST_LINES) {
    return lines;
  }
  const count = lines
    .slice(MOST_LINES)
    .reduce((sum, line) => sum + (line.kind === 'folded' ? line.count : 1), 0);
  return [...lines.slice(0, MOST_LINES), { kind: 'more', count }];
}

function equalLines(lines: readonly string[], hasBefore: boolean, hasAfter: boolean): ShownLine[] {
  const head = hasBefore ? CONTEXT : 0;
  const tail = hasAfter ? CONTEXT : 0;
  const equal = (list: readonly string[]): ShownLine[] =>
    list.map(line => ({ kind: 'equal', text: plain(line) }));
  return lines.length <= head + tail + 1
    ? equal(lines)
    : [
        ...equal(lines.slice(0, head)),
        { kind: 'folded', count: lines.length - head - tail },
        ...equal(lines.slice(lines.length - tail))
      ];
}

function changedLines({ left, right }: IHunk): ShownLine[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, at) => ({
    kind: 'changed',
    left: at < left.length ? plain(left[at] ?? '') : null,
    right: at < right.length ? plain(right[at] ?? '') : null
  }));
}

/** Without its line end, and not longer than can be drawn. */
function plain(line: string): string {
  const text = line.replace(/\r?\n$/, '');
  return text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
}
