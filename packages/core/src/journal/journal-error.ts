/** Why records cannot be folded, or do not fit the file. */
export type JournalProblem =
  /** A record before the base. */
  | 'no-base'
  | 'base-twice'
  /** The base names a number of cells that its kind of document cannot have. */
  | 'bad-base'
  /** The file has another number of cells than the base says: it is not the file of this run. */
  | 'other-file'
  /** The list of cells is not as long as the record says, or ends before what the record replaces. */
  | 'order-length'
  /** A cell would stand in the list twice. */
  | 'cell-twice'
  | 'too-many-cells'
  /** A record about a cell that is not there: never put, or deleted before. */
  | 'unknown-cell'
  /** A cell stands in the list, and nothing says what it holds. */
  | 'cell-missing'
  /** A record that this kind of document or cell cannot have. */
  | 'wrong-kind'
  /** The text ends before what an edit replaces. */
  | 'edit-past-end'
  /** The text after an edit is not what the page had. */
  | 'sum-mismatch'
  /** There are fewer outputs before the new ones than the record says. */
  | 'output-past-end'
  | 'not-a-stream'
  /** The text of a stream output ends before the place where it grew. */
  | 'append-past-end';

/** Records that make no sense, by themselves or with this file. Nothing of the record has been applied. */
export class JournalError extends Error {
  /**
   * @param problem - what is wrong.
   * @param cell - the number of the cell that it is wrong in; null = no single one.
   */
  constructor(
    readonly problem: JournalProblem,
    readonly cell: number | null = null
  ) {
    super(`The journal does not fit: ${problem}${cell === null ? '' : ` in cell ${cell}`}.`);
    this.name = 'JournalError';
  }
}
