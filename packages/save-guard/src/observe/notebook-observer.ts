import type { YNotebook } from '@jupyter/ydoc';
import type { JournalRecord } from '@labkeeper/protocol';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Array as YArray, Map as YMap } from 'yjs';
import { CellChanges, type CellEvent, type YCell } from './cell-changes.js';
import type { IDocumentObserver, INumbering, ISince } from './document-observer.js';
import { fileCell, plain } from './file-cell.js';

/**
 * Watches a notebook by one deep observer on its cells and one on its metadata. (A cell's own `changed` does not see
 * the outputs of the page's own runs: they come with an origin that it drops.)
 */
export class NotebookObserver implements IDocumentObserver {
  constructor(notebook: YNotebook) {
    const { ydoc } = notebook;
    this.cells = ydoc.getArray<YCell>('cells');
    this.meta = ydoc.getMap<unknown>('meta');
    this.cells.observeDeep(this.onCells);
    this.meta.observeDeep(this.onMeta);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get isTrusted(): boolean {
    return this.cells
      .toArray()
      .every(cell => cell.get('cell_type') !== 'code' || isTrustedCell(cell) || !hasOutputs(cell));
  }

  since(): ISince {
    const since = new NotebookSince(this.cells.toArray(), () => this.active.delete(since));
    this.active.add(since);
    return since;
  }

  numbering(since: ISince): INumbering {
    return new CellNumbering(since instanceof NotebookSince ? since.cells : []);
  }

  recordsOfBase(base: ISince, numbering: INumbering): JournalRecord[] {
    return this.records(base, numbering);
  }

  records(since: ISince, numbering: INumbering): JournalRecord[] {
    if (!(since instanceof NotebookSince) || !(numbering instanceof CellNumbering)) {
      return [];
    }
    const now = this.cells.toArray();
    const records: JournalRecord[] = [];
    // Whole new cells first, so that the order only names cells that are known.
    for (const cell of now) {
      if (!numbering.has(cell)) {
        records.push({ t: 'put', c: numbering.of(cell), cell: this.toFile(cell) });
        since.changes.delete(cell);
      }
    }
    if (since.isReordered) {
      const order = orderRecord(since.cells, now, numbering);
      if (order) {
        records.push(order);
      }
    }
    if (since.changes.size > 0) {
      const present = new Set(now);
      for (const [cell, changes] of since.changes) {
        if (present.has(cell)) {
          records.push(...changes.records(cell, numbering.of(cell)).map(record => this.withoutId(record)));
        }
      }
    }
    if (since.metadata || since.kernel) {
      records.push({ t: 'nb', v: this.metadata() });
    }
    return records;
  }

  numberOf(cellId: string, numbering: INumbering): number | null {
    const cell = this.cells.toArray().find(each => each.get('id') === cellId);
    return cell && numbering instanceof CellNumbering && numbering.has(cell) ? numbering.of(cell) : null;
  }

  cellIdAt(since: ISince, place: number): string | null {
    const cell = since instanceof NotebookSince ? since.cells[place] : undefined;
    const id: unknown = cell && this.cells.toArray().includes(cell) ? cell.get('id') : null;
    return typeof id === 'string' ? id : null;
  }

  whole(): { records: JournalRecord[]; numbering: INumbering } {
    const numbering = new CellNumbering([]);
    const cells = this.cells.toArray();
    const records: JournalRecord[] = cells.map(cell => ({
      t: 'put',
      c: numbering.of(cell),
      cell: this.toFile(cell)
    }));
    records.push({ t: 'order', n: 0, at: 0, del: 0, cells: cells.map(cell => numbering.of(cell)) });
    records.push({ t: 'nb', v: this.metadata() });
    return { records, numbering };
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this.cells.unobserveDeep(this.onCells);
      this.meta.unobserveDeep(this.onMeta);
      Signal.clearData(this);
    }
  }

  private readonly onCells = (events: CellEvent[]): void => {
    let isChange = false;
    for (const event of events) {
      if (event.target === this.cells) {
        isChange = true;
        for (const since of this.active) {
          since.isReordered = true;
        }
        continue;
      }
      // Climbing is cheap; `event.path` counts through all cells.
      let [grandchild, child, node]: [unknown, unknown, unknown] = [null, null, event.target];
      while (parentOf(node) !== this.cells && parentOf(node) !== null) {
        [grandchild, child, node] = [child, node, parentOf(node)];
      }
      if (parentOf(node) !== this.cells) {
        continue;
      }
      const cell = node as YCell;
      for (const since of this.active) {
        isChange = since.note(cell, child, grandchild, event) || isChange;
      }
    }
    if (isChange) {
      this._changed.emit();
    }
  };

  private readonly onMeta = (events: CellEvent[]): void => {
    const changes = events.map(event => metadataChange(event, this.meta));
    for (const since of this.active) {
      since.metadata ||= changes.includes('edit');
      since.kernel ||= changes.includes('kernel');
    }
    if (changes.includes('edit')) {
      this._changed.emit();
    }
  };

  private metadata(): Record<string, unknown> {
    const { orig_nbformat: _, ...rest } = {
      ...(plain(this.meta.get('metadata')) as Record<string, unknown> | undefined)
    };
    return rest;
  }

  /** Notebooks before 4.5 are saved without the ids that the page gave their cells. */
  private toFile(cell: YCell): Record<string, unknown> {
    const { id, ...rest } = fileCell(cell);
    return this.hasIds ? { id, ...rest } : rest;
  }

  private withoutId(record: JournalRecord): JournalRecord {
    if (record.t !== 'put' || this.hasIds) {
      return record;
    }
    const { id: _, ...cell } = record.cell;
    return { ...record, cell };
  }

  private get hasIds(): boolean {
    const minor = this.meta.get('nbformat_minor');
    const major = this.meta.get('nbformat');
    return typeof minor === 'number' && (minor >= 5 || (typeof major === 'number' && major > 4));
  }

  private readonly cells: YArray<YCell>;
  private readonly meta: YMap<unknown>;
  private readonly active = new Set<NotebookSince>();
  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

class NotebookSince implements ISince {
  constructor(
    /** The cells at that moment. */
    readonly cells: readonly YCell[],
    private readonly end: () => void
  ) {}

  readonly changes = new Map<YCell, CellChanges>();
  isReordered = false;
  metadata = false;
  /** A kernel described itself: that goes along with other changes, and is none by itself. */
  kernel = false;
  isDisposed = false;

  get isEmpty(): boolean {
    return !this.isReordered && !this.metadata && this.changes.size === 0;
  }

  /** @returns whether the event is about something that belongs into the file. */
  note(cell: YCell, child: unknown, grandchild: unknown, event: CellEvent): boolean {
    const changes = this.changes.get(cell) ?? new CellChanges();
    changes.note(cell, child, grandchild, event);
    if (changes.isEmpty) {
      return false;
    }
    this.changes.set(cell, changes);
    return true;
  }

  dispose(): void {
    this.isDisposed = true;
    this.end();
  }
}

class CellNumbering implements INumbering {
  constructor(cells: readonly YCell[]) {
    this.base = cells.length;
    cells.forEach(cell => this.of(cell));
  }

  readonly base: number;

  has(cell: YCell): boolean {
    return this.numbers.has(cell);
  }

  of(cell: YCell): number {
    let number = this.numbers.get(cell);
    if (number === undefined) {
      number = this.next;
      this.next += 1;
      this.numbers.set(cell, number);
    }
    return number;
  }

  private next = 0;
  private readonly numbers = new WeakMap<YCell, number>();
}

function orderRecord(
  before: readonly YCell[],
  now: readonly YCell[],
  numbering: CellNumbering
): JournalRecord | null {
  const shorter = Math.min(before.length, now.length);
  let head = 0;
  while (head < shorter && before[head] === now[head]) {
    head += 1;
  }
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === now.at(-1 - tail)) {
    tail += 1;
  }
  const del = before.length - head - tail;
  const cells = now.slice(head, now.length - tail).map(cell => numbering.of(cell));
  return del === 0 && cells.length === 0 ? null : { t: 'order', n: before.length, at: head, del, cells };
}

/**
 * What an event in the notebook's `meta` means. The kernel's own description comes with every start of a kernel: it goes
 * with the next change, and is no reason for a write of its own.
 */
function metadataChange(event: CellEvent, meta: YMap<unknown>): 'none' | 'kernel' | 'edit' {
  const keys = [...event.keys.keys()];
  if (event.target === meta) {
    return keys.includes('metadata') ? 'edit' : 'none';
  }
  return parentOf(event.target) === meta && keys.every(key => isKernels(event, key)) ? 'kernel' : 'edit';
}

/** Whether a change of the notebook's metadata is the kernel's description of itself, and not the choice of another. */
function isKernels(event: CellEvent, key: string): boolean {
  if (key !== 'kernelspec') {
    return key === 'language_info';
  }
  const before: unknown = event.keys.get(key)?.oldValue;
  return kernelName(before) === kernelName((event.target as YMap<unknown>).get(key));
}

function kernelName(spec: unknown): unknown {
  const plainSpec = plain(spec);
  return typeof plainSpec === 'object' && plainSpec !== null && 'name' in plainSpec ? plainSpec.name : null;
}

function isTrustedCell(cell: YCell): boolean {
  const metadata: unknown = cell.get('metadata');
  return hasGet(metadata) && metadata.get('trusted') === true;
}

function hasOutputs(cell: YCell): boolean {
  const outputs: unknown = cell.get('outputs');
  return typeof outputs === 'object' && outputs !== null && 'length' in outputs && outputs.length !== 0;
}

/** Not by `instanceof`: the page may have its types from another copy of yjs. */
function hasGet(value: unknown): value is { get(key: string): unknown } {
  return typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function';
}

function parentOf(node: unknown): unknown {
  return typeof node === 'object' && node !== null && 'parent' in node ? node.parent : null;
}
