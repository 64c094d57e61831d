import { textSum, type JournalRecord } from '@labkeeper/protocol';
import { FoldedRun } from './fold-run.js';

/**
 * Finds out how much of the run of a text file a later version of it holds already, see `LaterFile`: the checksum of
 * its text decides.
 */
export class LaterText {
  /** @param sum - `textSum` of the file's text as a page has it: with "\n" for its line ends. */
  constructor(private readonly sum: number) {}

  /** Takes the run's next record. @throws JournalError. */
  add(record: JournalRecord): void {
    this.run.add(record);
    this.isChanged ||= record.t !== 'base';
  }

  /** The batch with this number is complete. */
  endBatch(seq: number): void {
    this.lastSeq = seq;
    if (this.isChanged) {
      this.isChanged = false;
      this.isHeld = this.currentSum() === this.sum;
    }
    if (this.isHeld) {
      this.foundSeq = seq;
    }
  }

  /** The last batch that the file holds; null = none. */
  get match(): { readonly seq: number; readonly isLast: boolean } | null {
    return this.foundSeq === null ? null : { seq: this.foundSeq, isLast: this.foundSeq === this.lastSeq };
  }

  private currentSum(): number | null {
    const change = this.run.text()?.source ?? null;
    if (change === null) {
      return null;
    }
    return change.kind === 'whole' ? textSum(change.text) : (change.edits.at(-1)?.sum ?? null);
  }

  private readonly run = new FoldedRun('text');
  private isChanged = false;
  private isHeld = false;
  private foundSeq: number | null = null;
  private lastSeq = 0;
}
