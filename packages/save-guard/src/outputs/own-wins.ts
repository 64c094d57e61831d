/** What a page knows of a cell that it shows. */
export interface IShownCell {
  /** null = it runs, was stopped, or was never run. */
  readonly executionCount: number | null;
  readonly executionState: string;
}

/**
 * Whether what a cell shows is newer than what is sent from a page that is gone: a kernel runs its requests one after the
 * other, and counts them.
 *
 * @param ran - this page has run the cell.
 */
export function ownWins(
  ran: boolean,
  cell: IShownCell,
  sent: { readonly executionCount: number | null; readonly finished: boolean }
): boolean {
  if (!ran) {
    return false;
  }
  if (cell.executionCount === null) {
    // It runs or waits, so it was asked for later.
    return true;
  }
  // What is not finished yet comes after what is.
  return sent.finished && (sent.executionCount === null || sent.executionCount < cell.executionCount);
}
