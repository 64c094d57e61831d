import { alignCells } from './align-cells.js';
import { lineDiff } from './line-diff.js';
import { textOf, type NotebookCell } from './notebook-cell.js';
import { sameCell } from './same-cell.js';

/** One piece of two versions, a cell or some lines. */
export interface IComparedRow<Part> {
  /** null = it is not in this version. */
  readonly left: Part | null;
  readonly right: Part | null;
  readonly isEqual: boolean;
}

/** Which version of a piece is taken. What is on one side only is kept by that side and by `both`. */
export type Choice = 'left' | 'right' | 'both';

/** Puts the cells of two versions of a notebook side by side, see `alignCells`. */
export function compareCells(
  left: readonly NotebookCell[],
  right: readonly NotebookCell[]
): IComparedRow<NotebookCell>[] {
  return alignCells(left.map(alignable), right.map(alignable)).map(pair => {
    const cells = { left: at(left, pair.left), right: at(right, pair.right) };
    return {
      ...cells,
      isEqual: cells.left !== null && cells.right !== null && sameCell(cells.left, cells.right)
    };
  });
}

/** Puts the lines of two versions of a text side by side. */
export function compareTexts(left: string, right: string): IComparedRow<string>[] {
  return lineDiff(left, right).map(hunk => ({
    isEqual: hunk.isEqual,
    left: hunk.left.length === 0 ? null : hunk.left.join(''),
    right: hunk.right.length === 0 ? null : hunk.right.join('')
  }));
}

/** What of a row is in the result, and of which side. @param choice - for a row whose sides differ. */
export function partsOf<Part>(
  { left, right, isEqual }: IComparedRow<Part>,
  choice: Choice
): { readonly side: 'left' | 'right'; readonly part: Part }[] {
  const takesLeft = isEqual || choice !== 'right';
  const takesRight = !isEqual && choice !== 'left';
  return [
    ...(takesLeft && left !== null ? [{ side: 'left' as const, part: left }] : []),
    ...(takesRight && right !== null ? [{ side: 'right' as const, part: right }] : [])
  ];
}

function alignable(cell: NotebookCell): { id: string | null; type: string; source: string } {
  const { id, cell_type: type } = cell;
  return {
    id: typeof id === 'string' ? id : null,
    type: typeof type === 'string' ? type : '',
    source: textOf(cell['source'])
  };
}

function at<Part>(parts: readonly Part[], place: number | null): Part | null {
  return place === null ? null : (parts[place] ?? null);
}
