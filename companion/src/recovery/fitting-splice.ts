import { FoldedRun, JournalError, SpliceError, type ISplice } from '@labkeeper/core';
import type { JournalRecord } from '@labkeeper/protocol';
import type { RecoveryProblem } from './recovery-error.js';
import { spliceOf, type INotebookSource } from './write-splice.js';

/** So many records that do not fit are left out; with more of them something else is wrong. */
const MOST_LEFT_OUT = 20;

/** What could be put into a notebook. */
export interface IFitting {
  readonly splice: ISplice & { readonly isSame: boolean };
  /** With what was left out. */
  readonly run: FoldedRun;
  /** Why something was left out; null = nothing was. */
  readonly problem: RecoveryProblem | null;
}

/**
 * Puts into a notebook all of a run that fits: a field of a cell that does not, because a record was damaged or the
 * cell is odd, stays as it is in the file, and everything else is taken.
 *
 * @throws JournalError or SpliceError where that is no single cell's matter.
 */
export async function fittingSplice(source: INotebookSource, whole: FoldedRun): Promise<IFitting> {
  let run = whole;
  let problem: RecoveryProblem | null = null;
  for (let leftOut = 0; ; leftOut += 1) {
    try {
      return { splice: await spliceOf(source, run), run, problem };
    } catch (error) {
      const isDoubt =
        error instanceof JournalError || (error instanceof SpliceError && error.problem !== 'file-changed');
      const records = isDoubt && leftOut < MOST_LEFT_OUT ? without(run.records(), error) : null;
      if (records === null) {
        throw error;
      }
      run = new FoldedRun('notebook');
      for (const record of records) {
        run.add(record);
      }
      problem ??= error instanceof JournalError ? 'journal-damaged' : 'unreadable';
    }
  }
}

/** The records but those of the cell and the field that do not fit; null = that would be none fewer. */
function without(
  records: readonly JournalRecord[],
  error: JournalError | SpliceError
): JournalRecord[] | null {
  const { cell, problem } = error;
  const left = records.filter(record => !('c' in record) || record.c !== cell || !isIn(record, problem));
  return left.length < records.length ? left : null;
}

function isIn({ t }: JournalRecord, problem: (JournalError | SpliceError)['problem']): boolean {
  switch (problem) {
    case 'sum-mismatch':
    case 'edit-past-end':
      return t === 'edit';
    case 'output-past-end':
    case 'not-a-stream':
    case 'append-past-end':
      return t === 'out' || t === 'app';
    default:
      // A cell that was put is whole: without it there is a hole in the list.
      return t !== 'put';
  }
}
