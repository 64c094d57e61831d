import type { JournalRecord } from '@labkeeper/protocol';
import { FileCell } from './file-cell.js';
import { FoldedRun } from './fold-run.js';
import { isJson, jsonEqual, type Json } from './json.js';
import { JournalError } from './journal-error.js';
import { LaterCell } from './later-file-cell.js';
import { fileNotebookMetadata } from './nbformat-cell.js';
import { NotebookFile, type IUtf8 } from './notebook-file.js';
import type { ReadRange } from './pieces.js';
import { PutCell } from './put-cell.js';
import type { INotebookMap } from './scan-notebook.js';
import { SpliceError } from './splice-error.js';

/** How a run stood after a batch: all that it takes to go on from a file that was saved then. */
export interface IBatchBoundary {
  readonly seq: number;
  /** The numbers of the cells, in their order. */
  readonly cells: readonly number[];
  /** New cells that are in no place yet, whole. */
  readonly waiting: readonly { readonly c: number; readonly cell: Json }[];
}

/** A batch boundary at which a file was saved. */
export interface ILaterMatch extends IBatchBoundary {
  /** No batch follows: the file holds all of the run. */
  readonly isLast: boolean;
}

/**
 * Finds out how much of a run a file holds already: a save that the journal never heard of made it, and then the page
 * went on. The records of the run are folded one by one; after each batch, everything that they say is compared with
 * the file. One pass, with memory in proportion to what changed.
 *
 * What did not change until then cannot be compared, because nobody knows what it was. So a file counts as saved after
 * a batch only where at least one change that tells cells apart is found in it, or where all changes are.
 */
export class LaterFile {
  /** @param file - the notebook as it is now, with the map of just these bytes. */
  constructor(
    private readonly file: { readonly map: INotebookMap; readonly read: ReadRange; readonly utf8: IUtf8 }
  ) {
    this.bytes = new NotebookFile(file.read, file.utf8);
  }

  /** Takes the run's next record. @throws JournalError. */
  add(record: JournalRecord): void {
    this.run.add(record);
    if (record.t === 'base' || record.t === 'order') {
      this.isMoved = true;
    } else if (record.t === 'nb') {
      this.metadataHeld = null;
    } else {
      this.versions.set(record.c, (this.versions.get(record.c) ?? 0) + 1);
    }
  }

  /** The batch with this number is complete. */
  async endBatch(seq: number): Promise<void> {
    this.lastSeq = seq;
    this.place();
    const isLong = this.numbers.length === this.file.map.cells.length && this.numbers.length > 0;
    if (!isLong || !this.isComplete || !(await this.holdsAll())) {
      return;
    }
    this.isAmbiguous ||= this.isShuffled || (this.found !== null && this.isOtherList(this.found.cells));
    this.found = { seq, cells: this.numbers, waiting: this.waiting() };
    this.isTold = this.tells();
  }

  /** The last boundary at which the file may have been saved; null = at none, or it cannot be told. */
  get match(): ILaterMatch | null {
    if (this.found === null || this.isAmbiguous) {
      return null;
    }
    const isLast = this.found.seq === this.lastSeq;
    return isLast || this.isTold ? { ...this.found, isLast } : null;
  }

  /**
   * Whether cells of the file that nobody knows whole would have changed places, which no comparison shows. A page
   * never says so: a cell that it moves is put anew.
   */
  private get isShuffled(): boolean {
    let last = -1;
    return this.numbers.some(number => {
      if (number >= this.run.base.cells || this.changeOf(number) instanceof PutCell) {
        return false;
      }
      const isBehind = number < last;
      last = number;
      return isBehind;
    });
  }

  /** The cells' places after a change of their order. */
  private place(): void {
    if (!this.isMoved) {
      return;
    }
    this.isMoved = false;
    this.numbers = this.run.cells();
    this.places = new Map(this.numbers.map((number, place) => [number, place]));
  }

  /** Whether the new cells in the list are known. */
  private get isComplete(): boolean {
    const { cells } = this.run.base;
    return this.numbers.every(number => number < cells || this.changeOf(number) !== null);
  }

  private async holdsAll(): Promise<boolean> {
    this.metadataHeld ??= await this.holdsMetadata();
    // The one that differed last differs still, most likely.
    if (!this.metadataHeld || !(await this.holds(this.lastDifferent))) {
      return false;
    }
    for (const number of this.versions.keys()) {
      if (!(await this.holds(number))) {
        this.lastDifferent = number;
        return false;
      }
    }
    return true;
  }

  private async holds(number: number): Promise<boolean> {
    const place = this.places.get(number);
    const version = this.versions.get(number);
    if (place === undefined || version === undefined) {
      return true;
    }
    const known = this.compared.get(number);
    if (known?.place === place && known.version === version) {
      return known.held;
    }
    const change = this.changeOf(number);
    const held = change === null || ((await (await this.cellAt(place))?.holds(change)) ?? false);
    this.compared.set(number, { place, version, held });
    return held;
  }

  private async cellAt(place: number): Promise<LaterCell | null> {
    const known = this.cells.get(place);
    const range = this.file.map.cells[place];
    if (known !== undefined || !range) {
      return known ?? null;
    }
    const cell = await LaterCell.of(this.bytes, range, this.file.map.minor >= MINOR_WITH_IDS);
    this.cells.set(place, cell);
    return cell;
  }

  private async holdsMetadata(): Promise<boolean> {
    const { metadata } = this.run;
    if (metadata === null) {
      return true;
    }
    try {
      const found = await this.bytes.value(this.file.map.metadata, null);
      return isJson(found) && jsonEqual(fileNotebookMetadata(found), fileNotebookMetadata(metadata));
    } catch (error) {
      if (error instanceof SpliceError) {
        return false;
      }
      throw error;
    }
  }

  /**
   * Whether at another boundary that fits too, other cells are in the places of some that nobody knows whole: then it
   * cannot be told which of them the file has there.
   */
  private isOtherList(before: readonly number[]): boolean {
    const { numbers } = this;
    return (
      before !== numbers &&
      numbers.some((number, place) => number !== before[place] && !(this.changeOf(number) instanceof PutCell))
    );
  }

  /** Whether what was compared could hardly be so in another file. */
  private tells(): boolean {
    return this.numbers.some(number => {
      const change = this.versions.has(number) ? this.changeOf(number) : null;
      return change instanceof FileCell
        ? change.source !== null || change.newOutputs.length > 0 || change.appends.size > 0
        : change !== null;
    });
  }

  private waiting(): IBatchBoundary['waiting'] {
    return [...this.versions.keys()].flatMap(number => {
      const change = this.places.has(number) ? null : this.changeOf(number);
      return change instanceof PutCell ? [{ c: number, cell: { ...change.json } }] : [];
    });
  }

  /** What the run says of a cell; null = nothing. */
  private changeOf(number: number): FileCell | PutCell | null {
    try {
      return this.run.cell(number);
    } catch (error) {
      if (error instanceof JournalError) {
        return null;
      }
      throw error;
    }
  }

  private readonly bytes: NotebookFile;
  private readonly run = new FoldedRun('notebook');
  /** How often each cell that ever changed did. */
  private readonly versions = new Map<number, number>();
  private readonly compared = new Map<number, { place: number; version: number; held: boolean }>();
  private readonly cells = new Map<number, LaterCell>();
  private numbers: readonly number[] = [];
  private places = new Map<number, number>();
  private isMoved = false;
  private metadataHeld: boolean | null = null;
  private lastDifferent = -1;
  private lastSeq = 0;
  private found: IBatchBoundary | null = null;
  private isTold = false;
  /** What fits may fit by chance: see `isShuffled` and `isOtherList`. */
  private isAmbiguous = false;
}

/** Notebooks before 4.5 have cells without ids (https://nbformat.readthedocs.io/en/latest/changelog.html). */
const MINOR_WITH_IDS = 5;
