import type { JournalRecord } from '@labkeeper/protocol';
import { JournalError } from './journal-error.js';

/** More cells than any notebook has: JupyterLab cannot show a tenth of it. */
export const MAX_CELLS = 100_000;

/** The list of cell numbers of a notebook. It costs nothing until something in it changes. */
export class CellOrder {
  /** @param fileCells - cells in the file: numbers 0 to `fileCells` - 1, in this order. */
  constructor(private readonly fileCells: number) {}

  get length(): number {
    return this.list?.length ?? this.fileCells;
  }

  /** The numbers in their order. */
  numbers(): readonly number[] {
    return this.list ?? Array.from({ length: this.fileCells }, (_, index) => index);
  }

  has(cell: number): boolean {
    return this.members?.has(cell) ?? cell < this.fileCells;
  }

  /**
   * Applies an order record. @returns the cells that are in the list no more.
   * @throws JournalError 'order-length', 'cell-twice', 'unknown-cell' or 'too-many-cells'; the list is as it was then.
   */
  splice({ n, at, del, cells }: Extract<JournalRecord, { t: 'order' }>): number[] {
    if (n !== this.length || at + del > n) {
      throw new JournalError('order-length');
    }
    if (n - del + cells.length > MAX_CELLS) {
      throw new JournalError('too-many-cells');
    }
    const before = this.numbers();
    const removed = new Set(before.slice(at, at + del));
    const list = [...before.slice(0, at), ...cells, ...before.slice(at + del)];
    const members = new Set(before);
    for (const cell of removed) {
      members.delete(cell);
    }
    for (const cell of cells) {
      // A cell of the file that was deleted is forgotten: it cannot come back with what had changed in it.
      if (cell < this.fileCells && !removed.has(cell)) {
        throw new JournalError(this.has(cell) ? 'cell-twice' : 'unknown-cell', cell);
      }
      members.add(cell);
    }
    if (members.size !== list.length) {
      throw new JournalError('cell-twice');
    }
    this.list = list;
    this.members = members;
    return [...removed].filter(cell => !members.has(cell));
  }

  /** The record that makes this list of the file's; null = it is the file's. */
  record(): Extract<JournalRecord, { t: 'order' }> | null {
    if (this.list === null) {
      return null;
    }
    const { list, fileCells } = this;
    const shorter = Math.min(list.length, fileCells);
    let head = 0;
    while (head < shorter && list[head] === head) {
      head += 1;
    }
    let tail = 0;
    while (tail < shorter - head && list[list.length - 1 - tail] === fileCells - 1 - tail) {
      tail += 1;
    }
    const del = fileCells - head - tail;
    const cells = list.slice(head, list.length - tail);
    return del === 0 && cells.length === 0 ? null : { t: 'order', n: fileCells, at: head, del, cells };
  }

  private list: number[] | null = null;
  private members: Set<number> | null = null;
}
