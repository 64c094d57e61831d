import { JsonScanner, type IJsonVisitor, type JsonKind } from './json-scanner.js';
import type { ReadRange } from './pieces.js';
import type { IByteRange } from './scan-notebook.js';
import { SpliceError } from './splice-error.js';

/** UTF-8 as the platform gives it (`Buffer`, `TextDecoder`): the language itself has none. */
export interface IUtf8 {
  encode(text: string): Uint8Array;
  /** Only bytes that have been found valid come here. */
  decode(bytes: Uint8Array): string;
}

/** A field of an object in the file. */
export interface IMember extends IByteRange {
  /** null = a key that nobody looks for. */
  readonly key: string | null;
  readonly keyFrom: number;
  readonly kind: JsonKind;
  /** Where its items are, if it is the list that was asked for. */
  readonly items: readonly IByteRange[];
}

/** So much is read at once, in bytes. */
const CHUNK_BYTES = 1024 * 1024;
/**
 * The longest value that is taken into memory, in bytes; there it takes several times as much. A stream output that is
 * longer and still grows needs a full save; JupyterLab is slow by then, at 1 MB it takes some 40 ms for each line.
 */
export const MAX_VALUE_BYTES = 8 * 1024 * 1024;

/** A notebook's file as far as it is needed: fields are found without reading them into memory, and read one by one. */
export class NotebookFile {
  /** @param read - gives the bytes of a range, or fails. */
  constructor(
    private readonly read: ReadRange,
    private readonly utf8: IUtf8
  ) {}

  encode(text: string): Uint8Array {
    return this.utf8.encode(text);
  }

  /**
   * The fields of an object.
   *
   * @param list - the field whose items are wanted too, if it is a list.
   * @param cell - where the object is, for the error.
   * @throws SpliceError 'file-changed'.
   */
  async members(object: IByteRange, list: string | null, cell: number | null): Promise<readonly IMember[]> {
    const visitor = new Members(object.from, list);
    const scanner = new JsonScanner(visitor, 2);
    for (let { from } = object; from < object.to; from += CHUNK_BYTES) {
      scanner.push(await this.bytes({ from, to: Math.min(object.to, from + CHUNK_BYTES) }, cell));
    }
    scanner.end();
    if (scanner.doubt !== null || !visitor.isObject) {
      throw new SpliceError('file-changed', cell);
    }
    return visitor.members;
  }

  /** The value in a range. @throws SpliceError 'file-changed' or 'too-large'. */
  async value(range: IByteRange, cell: number | null): Promise<unknown> {
    if (range.to - range.from > MAX_VALUE_BYTES) {
      throw new SpliceError('too-large', cell);
    }
    const text = this.utf8.decode(await this.bytes(range, cell));
    try {
      const value: unknown = JSON.parse(text);
      return value;
    } catch {
      // The scanner took it for JSON, so these are other bytes.
      throw new SpliceError('file-changed', cell);
    }
  }

  private async bytes(range: IByteRange, cell: number | null): Promise<Uint8Array> {
    const bytes = await this.read(range);
    if (bytes.length !== range.to - range.from) {
      throw new SpliceError('file-changed', cell);
    }
    return bytes;
  }
}

class Members implements IJsonVisitor {
  readonly members: IMember[] = [];
  isObject = false;

  /** @param offset - where in the file the object begins. */
  constructor(
    private readonly offset: number,
    private readonly list: string | null
  ) {}

  key(depth: number, key: string | null, at: number): void {
    if (depth === 1) {
      this.name = key;
      this.keyFrom = this.offset + at;
      this.items = [];
    }
  }

  begin(depth: number, kind: JsonKind, at: number): void {
    if (depth === 0) {
      this.isObject = kind === 'object';
    } else if (depth === 1) {
      this.kind = kind;
      this.from = this.offset + at;
    } else {
      this.itemFrom = this.offset + at;
    }
  }

  end(depth: number, at: number): void {
    const to = this.offset + at;
    if (depth === 1) {
      const { name: key, keyFrom, kind, from, items } = this;
      this.members.push({ key, keyFrom, kind, from, to, items });
    } else if (depth === 2 && this.kind === 'array' && this.name !== null && this.name === this.list) {
      this.items.push({ from: this.itemFrom, to });
    }
  }

  private name: string | null = null;
  private keyFrom = 0;
  private kind: JsonKind = 'literal';
  private from = 0;
  private items: IByteRange[] = [];
  private itemFrom = 0;
}
