import type { DocumentKind, JournalRecord } from '@labkeeper/protocol';
import { CellOrder, MAX_CELLS } from './cell-order.js';
import { FileCell } from './file-cell.js';
import { applyField, type FieldRecord } from './folded-cell.js';
import type { Json } from './json.js';
import { JournalError } from './journal-error.js';
import { PutCell } from './put-cell.js';

type BaseRecord = Extract<JournalRecord, { t: 'base' }>;

/**
 * What the records of one run say together: the list of cells, and of each changed cell what changed. It takes them
 * one by one, holds memory in proportion to what changed and never needs the file. In a text file, cell 0 is the text.
 */
export class FoldedRun {
  constructor(private readonly kind: DocumentKind) {}

  /** Takes the next record. @throws JournalError; everything is as it was then. */
  add(record: JournalRecord): void {
    if (record.t === 'base') {
      this.begin(record);
      return;
    }
    if (this.opening === null) {
      throw new JournalError('no-base');
    }
    if (this.kind === 'text' && !(record.t === 'src' || record.t === 'edit')) {
      throw new JournalError('wrong-kind');
    }
    switch (record.t) {
      case 'order':
        this.order.splice(record).forEach(cell => this.changes.delete(cell));
        break;
      case 'put':
        this.put(record.c, record.cell);
        break;
      case 'nb':
        this.newMetadata = record.v;
        break;
      default:
        this.change(record);
    }
  }

  /** The file that the run began with. @throws JournalError 'no-base' before the first record. */
  get base(): BaseRecord {
    if (this.opening === null) {
      throw new JournalError('no-base');
    }
    return this.opening;
  }

  /** The cells in their order, by number. */
  cells(): readonly number[] {
    return this.order.numbers();
  }

  /** What changed in a cell; null = it is as in the file. @throws JournalError 'cell-missing': nobody said. */
  cell(number: number): FileCell | PutCell | null {
    const change = this.changes.get(number) ?? null;
    if (change === null && number >= this.base.cells) {
      throw new JournalError('cell-missing', number);
    }
    return change;
  }

  /** The text's change in a text file; null = it is as in the file. */
  text(): FileCell | null {
    const change = this.changes.get(0);
    return change instanceof FileCell ? change : null;
  }

  /** The notebook's metadata; null = the file's. */
  get metadata(): Json | null {
    return this.newMetadata;
  }

  /**
   * The fewest records that say the same, without the file: folded, they give this run again, and it goes on as before
   * with whatever is added. Edits of one source at several places stay apart, because joining them takes its text.
   */
  records(): JournalRecord[] {
    const puts: JournalRecord[] = [];
    const fields: JournalRecord[] = [];
    for (const change of this.changes.values()) {
      (change instanceof PutCell ? puts : fields).push(...change.records());
    }
    const order = this.order.record();
    return [
      this.base,
      // Cells come before the list that names them: a journal that ends between the two has no hole.
      ...puts,
      ...(order ? [order] : []),
      ...fields,
      ...(this.newMetadata ? [{ t: 'nb' as const, v: this.newMetadata }] : [])
    ];
  }

  private begin(base: BaseRecord): void {
    if (this.opening !== null) {
      throw new JournalError('base-twice');
    }
    const expected = base.hash === null ? 0 : 1;
    if (this.kind === 'text' ? base.cells !== expected : base.hash === null && base.cells > 0) {
      throw new JournalError('bad-base');
    }
    if (base.cells > MAX_CELLS) {
      throw new JournalError('too-many-cells');
    }
    this.opening = base;
    this.order = new CellOrder(base.cells);
  }

  /** New cells may come before the list that names them, or after it. */
  private put(number: number, cell: Json): void {
    if (number < this.base.cells && !this.order.has(number)) {
      throw new JournalError('unknown-cell', number);
    }
    this.changes.set(number, new PutCell(number, cell));
  }

  private change(record: FieldRecord): void {
    const known = this.changes.get(record.c);
    if (known) {
      applyField(known, record);
      return;
    }
    const inFile =
      this.kind === 'text' ? record.c === 0 : record.c < this.base.cells && this.order.has(record.c);
    if (!inFile) {
      throw new JournalError('unknown-cell', record.c);
    }
    const cell = new FileCell(record.c);
    applyField(cell, record);
    this.changes.set(record.c, cell);
  }

  private opening: BaseRecord | null = null;
  private order = new CellOrder(0);
  private readonly changes = new Map<number, FileCell | PutCell>();
  private newMetadata: Json | null = null;
}
