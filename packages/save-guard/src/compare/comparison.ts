import {
  compareCells,
  compareTexts,
  same,
  type Choice,
  type IComparedRow,
  type NotebookCell
} from '@labkeeper/core';
import { fieldsOf, type Version } from './version.js';

/** Two versions side by side: `left` is the document, `right` the other one. */
export type Comparison =
  | {
      readonly kind: 'notebook';
      readonly rows: readonly IComparedRow<NotebookCell>[];
      /** What the notebook itself says of its kernel and the like. */
      readonly metadata: IComparedRow<Readonly<Record<string, unknown>>>;
    }
  | { readonly kind: 'text'; readonly rows: readonly IComparedRow<string>[] };

/** What is decided: by the index of the row, `METADATA` for the notebook's own. */
export type Choices = ReadonlyMap<number, Choice>;

/** Stands for the notebook's metadata where rows are counted. */
export const METADATA = -1;

/** @returns null when one is a notebook and the other is not. */
export function compare(left: Version, right: Version): Comparison | null {
  if (left.kind === 'notebook' && right.kind === 'notebook') {
    const isEqual = same(chosen(left.metadata), chosen(right.metadata));
    return {
      kind: 'notebook',
      rows: compareCells(left.cells, right.cells),
      metadata: { left: left.metadata, right: right.metadata, isEqual }
    };
  }
  return left.kind === 'text' && right.kind === 'text'
    ? { kind: 'text', rows: compareTexts(left.text, right.text) }
    : null;
}

/** What people choose of a notebook's metadata: how the kernel is called on this server is written by the page itself. */
function chosen(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...metadata, kernelspec: fieldsOf(metadata['kernelspec'])['name'] ?? null };
}

/** The rows that differ, in their order. */
export function differencesOf(comparison: Comparison): number[] {
  const found = comparison.rows.flatMap(({ isEqual }, at) => (isEqual ? [] : [at]));
  return comparison.kind === 'notebook' && !comparison.metadata.isEqual ? [METADATA, ...found] : found;
}

/** A row that differs. */
export function rowOf(comparison: Comparison, at: number): IComparedRow<unknown> | null {
  if (at === METADATA) {
    return comparison.kind === 'notebook' ? comparison.metadata : null;
  }
  return comparison.rows[at] ?? null;
}

/**
 * The document has changed since it was compared: what was decided about differences that are what they were still holds.
 */
export function carriedChoices(before: Comparison, choices: Choices, now: Comparison): Map<number, Choice> {
  const decided = [...choices].map(([at, choice]) => ({ row: rowOf(before, at), at, choice }));
  const carried = new Map<number, Choice>();
  for (const at of differencesOf(now)) {
    const row = rowOf(now, at);
    const place = decided.findIndex(
      known =>
        (known.at === METADATA) === (at === METADATA) &&
        same(known.row?.left, row?.left) &&
        same(known.row?.right, row?.right)
    );
    const [known] = place < 0 ? [] : decided.splice(place, 1);
    if (known) {
      carried.set(at, known.choice);
    }
  }
  return carried;
}
