import { leftOutOutput, type ILeftOut } from './left-out.js';
import type { IOutputSize, Json } from './output-message.js';
import { StreamText } from './stream-text.js';

/** What an output costs in memory beside its data. */
const ENTRY_BYTES = 256;

/** One output of a cell. */
export type OutputEntry = StreamEntry | DataEntry | LeftOutEntry;

/** Text of stdout or stderr, which grows. */
export class StreamEntry {
  constructor(
    readonly name: string,
    private readonly fields: Json
  ) {}

  readonly text = new StreamText();

  /** Bytes of what it shows. */
  get dataBytes(): number {
    return this.text.bytes;
  }

  /** Bytes that it costs: as JSON, which is what the journal holds of it. */
  get bytes(): number {
    return ENTRY_BYTES + this.text.size.jsonBytes;
  }

  /**
   * Drops about the first so many bytes of what it costs.
   *
   * @returns how many bytes of what it shows went.
   */
  dropFirst(bytes: number): number {
    const { bytes: dataBytes, jsonBytes } = this.text.size;
    return this.text.keepEnd(Math.floor(dataBytes * Math.max(0, 1 - bytes / jsonBytes)));
  }

  toJSON(): Json {
    return { ...this.fields, text: this.text.text };
  }
}

/** A figure, a table, a result, an error. */
export class DataEntry {
  /** @param displayId - other messages can change it by this; null = none can. */
  constructor(
    private output: Json,
    private size: IOutputSize,
    readonly displayId: string | null
  ) {}

  /** Bytes of what it shows. */
  get dataBytes(): number {
    return this.size.bytes;
  }

  /** Bytes that it costs. */
  get bytes(): number {
    return ENTRY_BYTES + this.size.memoryBytes;
  }

  /** It becomes another one in the same place. */
  become(output: Json, size: IOutputSize): void {
    this.output = output;
    this.size = size;
  }

  toJSON(): Json {
    return this.output;
  }
}

/** A place where something is missing. */
export class LeftOutEntry {
  constructor(private leftOut: ILeftOut) {}

  readonly bytes = ENTRY_BYTES;

  get value(): ILeftOut {
    return this.leftOut;
  }

  /** More is missing in this place. */
  add(more: ILeftOut): void {
    const { bytes, exact } = this.leftOut;
    this.leftOut = { bytes: bytes + more.bytes, exact: exact && more.exact };
  }

  toJSON(): Json {
    return leftOutOutput(this.leftOut);
  }
}
