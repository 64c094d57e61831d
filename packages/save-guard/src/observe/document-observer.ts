import type { JournalRecord } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

/** A moment in a document's life, from which on changes are collected. */
export interface ISince extends IDisposable {
  /** Whether nothing that belongs into the file changed since. */
  readonly isEmpty: boolean;
}

/** Numbers of cells within one run of the journal. */
export interface INumbering {
  /** Cells in the file. */
  readonly base: number;
}

/**
 * Watches a document and tells what changed since given moments. While it watches it only notes which fields changed;
 * contents are read when they are asked for.
 */
export interface IDocumentObserver extends IDisposable {
  /** Something that belongs into the file changed. */
  readonly changed: ISignal<IDocumentObserver, void>;
  /** Whether all outputs that could do harm are trusted. */
  readonly isTrusted: boolean;
  /** Begins to collect changes from now on. */
  since(): ISince;
  /** A numbering for a run that begins at that moment. */
  numbering(since: ISince): INumbering;
  /**
   * What changed since that moment.
   *
   * @param numbering - of the run; cells that are new get numbers here.
   */
  records(since: ISince, numbering: INumbering): JournalRecord[];
  /**
   * What changed since the file's last known state, as a run begins with it. As `records`, but told so that what is small
   * can be read without the file, which somebody else may have changed by then.
   */
  recordsOfBase(base: ISince, numbering: INumbering): JournalRecord[];
  /** The number of the cell with this id; null = there is none, or it is not in the run yet. */
  numberOf(cellId: string, numbering: INumbering): number | null;
  /** The id of the cell that had this place at that moment; null = there was none, or it is gone. */
  cellIdAt(since: ISince, place: number): string | null;
  /** Everything as if it were new: for a run that begins with nothing. */
  whole(): { readonly records: JournalRecord[]; readonly numbering: INumbering };
}
