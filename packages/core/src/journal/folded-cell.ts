import type { JournalRecord } from '@labkeeper/protocol';
import type { Json } from './json.js';
import { editOf, type IEdit } from './text-edit.js';

/** What the records of a run say of one cell, up to now. Each method takes one kind of record, or throws unchanged. */
export interface IFoldedCell {
  setSource(text: string): void;
  edit(edit: IEdit): void;
  setExecutionCount(count: number | null): void;
  setMetadata(metadata: Json): void;
  setAttachments(attachments: Json | null): void;
  /** Outputs from `from` on are replaced. */
  setOutputs(from: number, outputs: readonly Json[]): void;
  /** The text of stream output `index` from `at` on is `text`. */
  append(index: number, at: number, text: string): void;
  /** The fewest records that say the same. */
  records(): JournalRecord[];
}

/** The records about one field of a cell. */
export type FieldRecord = Extract<
  JournalRecord,
  { t: 'src' | 'edit' | 'exec' | 'meta' | 'att' | 'out' | 'app' }
>;

/** Applies one record. @throws JournalError; the cell is as it was then. */
export function applyField(cell: IFoldedCell, record: FieldRecord): void {
  switch (record.t) {
    case 'src':
      return cell.setSource(record.v);
    case 'edit':
      return cell.edit(editOf(record));
    case 'exec':
      return cell.setExecutionCount(record.v);
    case 'meta':
      return cell.setMetadata(record.v);
    case 'att':
      return cell.setAttachments(record.v);
    case 'out':
      return cell.setOutputs(record.from, record.v);
    case 'app':
      return cell.append(record.i, record.at, record.v);
  }
}
