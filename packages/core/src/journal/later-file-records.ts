import type { JournalRecord } from '@labkeeper/protocol';
import type { FoldedRun } from './fold-run.js';
import type { IBatchBoundary } from './later-file.js';

/** How a run stands now. @param seq - of the batch that was folded last. */
export function boundaryOf(run: FoldedRun, seq: number): IBatchBoundary {
  const cells = run.cells();
  const listed = new Set(cells);
  const waiting = run
    .records()
    .flatMap(record =>
      record.t === 'put' && !listed.has(record.c) ? [{ c: record.c, cell: { ...record.cell } }] : []
    );
  return { seq, cells, waiting };
}

/**
 * Makes of the records that follow a batch boundary a run on the file that was saved there: its cells get the numbers
 * that cells of a file have, 0, 1, … in their order, and cells that come later the next free ones.
 */
export class LaterRecords {
  constructor(private readonly boundary: IBatchBoundary) {
    this.list = [...boundary.cells];
    this.list.forEach((number, place) => this.numbers.set(number, place));
    this.next = this.list.length;
  }

  /** What the new run begins with. @param hash - of the file. */
  begin(hash: string): JournalRecord[] {
    const { cells, waiting } = this.boundary;
    return [
      { t: 'base', hash, cells: cells.length },
      ...waiting.map(({ c, cell }) => ({ t: 'put' as const, c: this.of(c), cell }))
    ];
  }

  /** The next record with the new numbers. */
  translate(record: JournalRecord): JournalRecord {
    switch (record.t) {
      case 'base':
      case 'nb':
        return record;
      case 'order':
        return this.order(record);
      default:
        return { ...record, c: this.of(record.c) };
    }
  }

  private order(record: Extract<JournalRecord, { t: 'order' }>): JournalRecord {
    const cells = record.cells.map(number => this.of(number));
    const removed = this.list.splice(record.at, record.del, ...record.cells);
    const stay = new Set(record.cells);
    for (const number of removed) {
      // Where it comes back it is another cell, with another number: one of the file cannot.
      if (!stay.has(number)) {
        this.numbers.delete(number);
      }
    }
    return { ...record, cells };
  }

  private of(number: number): number {
    let known = this.numbers.get(number);
    if (known === undefined) {
      known = this.next;
      this.next += 1;
      this.numbers.set(number, known);
    }
    return known;
  }

  private readonly numbers = new Map<number, number>();
  private readonly list: number[];
  private next: number;
}
