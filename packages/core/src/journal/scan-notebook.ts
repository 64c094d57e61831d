import { MAX_CELLS } from './cell-order.js';
import { JsonScanner, type IJsonVisitor, type JsonDoubt, type JsonKind } from './json-scanner.js';

/** Bytes of a file: from `from` up to, not including, `to`. */
export interface IByteRange {
  readonly from: number;
  readonly to: number;
}

/** Where the parts of a notebook file are. */
export interface INotebookMap {
  readonly sizeBytes: number;
  /** The list of cells, with its brackets. */
  readonly list: IByteRange;
  readonly cells: readonly IByteRange[];
  readonly metadata: IByteRange;
  /** The number's own place. */
  readonly minorPlace: IByteRange;
  /** `nbformat_minor`; `nbformat` is 4. */
  readonly minor: number;
}

/** Why a file is not taken for a notebook whose parts can be replaced. */
export type NotebookDoubt =
  | JsonDoubt
  /** The file is no object, or a part that each notebook has is missing or of another kind. */
  | 'not-a-notebook'
  /** A version that is read but never written: before 4, or one of the future. */
  | 'other-version'
  /** A part is there twice; readers take the last, but nobody promises that. */
  | 'part-twice'
  | 'too-many-cells';

/** Either a map whose every range is right, or the reason why there is none. */
export type NotebookScan =
  | { readonly kind: 'map'; readonly map: INotebookMap }
  | { readonly kind: 'doubt'; readonly reason: NotebookDoubt; readonly atByte: number };

type Part = 'cells' | 'metadata' | 'nbformat' | 'nbformat_minor';

interface IPart extends IByteRange {
  readonly kind: JsonKind;
  readonly number: string | null;
}

const VERSION = 4;

/**
 * Finds the parts of a notebook in the bytes of its file, chunk by chunk, without building any of them: memory is in
 * proportion to the number of cells. What differs from a plain notebook of version 4 in any way gives a doubt.
 */
export class NotebookScanner {
  /** Takes the next bytes. @returns whether more are of use. */
  push(chunk: Uint8Array): boolean {
    this.sizeBytes += chunk.length;
    return this.scanner.push(chunk) && this.parts.doubt === null;
  }

  /** There are no more bytes. */
  end(): NotebookScan {
    this.scanner.end();
    const doubt = this.parts.doubt ?? this.scanner.doubt;
    return doubt ? { kind: 'doubt', ...doubt } : this.parts.map(this.sizeBytes);
  }

  private sizeBytes = 0;
  private readonly parts = new Parts();
  private readonly scanner = new JsonScanner(this.parts, 2);
}

/** Collects the parts while the scanner meets them. */
class Parts implements IJsonVisitor {
  doubt: { readonly reason: NotebookDoubt; readonly atByte: number } | null = null;

  key(depth: number, key: string | null, at: number): void {
    if (depth !== 1) {
      return;
    }
    this.part = isPart(key) ? key : null;
    if (this.part !== null && this.found.has(this.part)) {
      this.fail('part-twice', at);
    }
  }

  begin(depth: number, kind: JsonKind, at: number): void {
    if (depth === 2) {
      this.cellFrom = at;
      if (this.part === 'cells' && this.kind === 'array' && kind !== 'object') {
        this.fail('not-a-notebook', at);
      }
      return;
    }
    this.from = at;
    this.kind = kind;
    if (depth === 0 && kind !== 'object') {
      this.fail('not-a-notebook', at);
    }
  }

  end(depth: number, at: number, number: string | null): void {
    if (depth === 2 && this.part === 'cells') {
      this.cells.push({ from: this.cellFrom, to: at });
      if (this.cells.length > MAX_CELLS) {
        this.fail('too-many-cells', at);
      }
    } else if (depth === 1 && this.part !== null) {
      this.found.set(this.part, { from: this.from, to: at, kind: this.kind, number });
    }
  }

  map(sizeBytes: number): NotebookScan {
    const list = this.found.get('cells');
    const metadata = this.found.get('metadata');
    const version = this.found.get('nbformat');
    const minorPlace = this.found.get('nbformat_minor');
    if (version && Number(version.number ?? NaN) !== VERSION) {
      return { kind: 'doubt', reason: 'other-version', atByte: version.from };
    }
    if (list?.kind !== 'array' || metadata?.kind !== 'object' || !version || !minorPlace) {
      return { kind: 'doubt', reason: 'not-a-notebook', atByte: sizeBytes };
    }
    const minor = Number(minorPlace.number ?? NaN);
    if (!Number.isSafeInteger(minor) || minor < 0) {
      return { kind: 'doubt', reason: 'other-version', atByte: minorPlace.from };
    }
    return {
      kind: 'map',
      map: {
        sizeBytes,
        list: rangeOf(list),
        cells: this.cells,
        metadata: rangeOf(metadata),
        minorPlace: rangeOf(minorPlace),
        minor
      }
    };
  }

  private fail(reason: NotebookDoubt, atByte: number): void {
    this.doubt ??= { reason, atByte };
  }

  private readonly found = new Map<Part, IPart>();
  private readonly cells: IByteRange[] = [];
  private part: Part | null = null;
  private kind: JsonKind = 'literal';
  private from = 0;
  private cellFrom = 0;
}

function isPart(key: string | null): key is Part {
  return key === 'cells' || key === 'metadata' || key === 'nbformat' || key === 'nbformat_minor';
}

function rangeOf({ from, to }: IByteRange): IByteRange {
  return { from, to };
}
