import { textSum, type JournalRecord } from '@labkeeper/protocol';
import { JournalError } from './journal-error.js';

type EditRecord = Extract<JournalRecord, { t: 'edit' }>;

/** One change of a text, in UTF-16 units: `del` of them from `at` on are replaced by `ins`. */
export interface IEdit {
  readonly at: number;
  readonly del: number;
  readonly ins: string;
  /** `textSum` of the whole text afterwards. */
  readonly sum: number;
}

/** The edit that a record holds, with what it leaves out. */
export function editOf(record: EditRecord): IEdit {
  return { at: record.at, del: record.del ?? 0, ins: record.ins ?? '', sum: record.sum };
}

/** The text after one edit record. @throws JournalError 'edit-past-end' or 'sum-mismatch'. */
export function applyEdit(text: string, record: EditRecord): string {
  return applyEdits(text, [editOf(record)], record.c);
}

/**
 * The text after several edits. Only the last sum is checked: it stands for the whole text, so a mistake on the way
 * shows in it, and merged edits have no other.
 *
 * @param cell - where the text is, for the error.
 * @throws JournalError 'edit-past-end' or 'sum-mismatch'.
 */
export function applyEdits(text: string, edits: readonly IEdit[], cell: number): string {
  let result = text;
  for (const { at, del, ins } of edits) {
    if (at + del > result.length) {
      throw new JournalError('edit-past-end', cell);
    }
    result = result.slice(0, at) + ins + result.slice(at + del);
  }
  const last = edits.at(-1);
  if (last && textSum(result) !== last.sum) {
    throw new JournalError('sum-mismatch', cell);
  }
  return result;
}

/**
 * One edit that does what `first` and then `second` do; null where they touch different places, because the text
 * between them would have to be known.
 */
export function mergeEdits(first: IEdit, second: IEdit): IEdit | null {
  const firstEnd = first.at + first.ins.length;
  const secondEnd = second.at + second.del;
  if (second.at > firstEnd || secondEnd < first.at) {
    return null;
  }
  // What the second deletes beyond the inserted text was there before the first, left and right of it.
  const left = Math.max(0, first.at - second.at);
  const right = Math.max(0, secondEnd - firstEnd);
  return {
    at: Math.min(first.at, second.at),
    del: left + first.del + right,
    ins:
      first.ins.slice(0, Math.max(0, second.at - first.at)) +
      second.ins +
      first.ins.slice(Math.max(0, secondEnd - first.at)),
    sum: second.sum
  };
}
