import { diffArrays } from 'diff';

/** A piece of two texts: the lines of each, with their line ends. Where it is the same in both, they are equal. */
export interface IHunk {
  readonly isEqual: boolean;
  readonly left: readonly string[];
  readonly right: readonly string[];
}

/** Texts with more differing lines than this are told to differ as a whole, but for their beginning and end. */
const MOST_EDITS = 1000;

/** The lines of a text, each with its line end; together they are the text. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

/** Where two texts differ, by whole lines. The hunks together are both texts; those that are equal and not take turns. */
export function lineDiff(leftText: string, rightText: string): IHunk[] {
  const left = linesOf(leftText);
  const right = linesOf(rightText);
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) {
    head += 1;
  }
  let tail = 0;
  const most = Math.min(left.length, right.length) - head;
  while (tail < most && left[left.length - 1 - tail] === right[right.length - 1 - tail]) {
    tail += 1;
  }
  const same = (lines: readonly string[]): IHunk => ({ isEqual: true, left: lines, right: lines });
  return [
    same(left.slice(0, head)),
    ...middle(left.slice(head, left.length - tail), right.slice(head, right.length - tail)),
    same(left.slice(left.length - tail))
  ].filter(hunk => hunk.left.length + hunk.right.length > 0);
}

function middle(left: readonly string[], right: readonly string[]): IHunk[] {
  const changes =
    left.length > 0 && right.length > 0
      ? diffArrays([...left], [...right], { maxEditLength: MOST_EDITS })
      : undefined;
  if (!changes) {
    return [{ isEqual: false, left, right }];
  }
  const hunks: { isEqual: boolean; left: string[]; right: string[] }[] = [];
  for (const { added, removed, value } of changes) {
    const isEqual = !added && !removed;
    const last = hunks.at(-1);
    const hunk = last && !last.isEqual && !isEqual ? last : { isEqual, left: [], right: [] };
    if (hunk !== last) {
      hunks.push(hunk);
    }
    hunk.left.push(...(added ? [] : value));
    hunk.right.push(...(removed ? [] : value));
  }
  return hunks;
}
