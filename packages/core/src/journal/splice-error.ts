/** Why a cell of a file is left alone. */
export type SpliceProblem =
  /** What the file gave now is no JSON, or shorter than it was: somebody writes it. */
  | 'file-changed'
  /** A field is there twice. */
  | 'field-twice'
  /** A field is of a kind that no notebook has. */
  | 'odd-field'
  /** A value is longer than we hold in memory. */
  | 'too-large'
  /** The new cell does not read as it should: a mistake of ours. */
  | 'check-failed';

/** A file that we do not dare to change piece by piece. Nothing has been written; a full save is the way. */
export class SpliceError extends Error {
  /**
   * @param problem - what is wrong.
   * @param cell - the number of the cell; null = outside cells.
   */
  constructor(
    readonly problem: SpliceProblem,
    readonly cell: number | null
  ) {
    super(`The notebook cannot be spliced: ${problem}${cell === null ? '' : ` in cell ${cell}`}.`);
    this.name = 'SpliceError';
  }
}
