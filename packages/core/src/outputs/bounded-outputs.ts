import { leftOutOutput, type ILeftOut } from './left-out.js';
import { LeftOutEntry, StreamEntry, type DataEntry, type OutputEntry } from './output-entry.js';
import type { IOutputSize, Json } from './output-message.js';
import { MOST_JSON_BYTES_PER_UNIT, textSize } from './text-size.js';
import { utf8Bytes } from './utf8-bytes.js';

/** How much of a cell's outputs is kept, in bytes that they cost: no less than they have as JSON. */
export interface IOutputLimits {
  /** The first outputs, until together they would have more bytes than this. */
  readonly headBytes: number;
  /** Of what comes then, about the last so many bytes, and never more than twice as many. */
  readonly tailBytes: number;
  /**
   * Asked before about so many bytes more are held at the beginning: whether there is room for them, which others share.
   * Default: there is.
   */
  readonly admits?: (bytes: number) => boolean;
}

/** Outputs of which the beginning and the end are kept; one between them says how much was left out. */
export class BoundedOutputs {
  /** @param dropped - told of each output that is not kept any more. */
  constructor(
    private limits: IOutputLimits,
    private readonly dropped: (entry: OutputEntry) => void
  ) {}

  /** Bytes that are held. */
  get bytes(): number {
    return this.heldBytes;
  }

  get entries(): readonly OutputEntry[] {
    return this.list;
  }

  /** From this one on they are no longer as they were when `untouch` was called; infinity = all are. */
  get touchedFrom(): number {
    return this.touched;
  }

  untouch(): void {
    this.touched = Infinity;
  }

  /** Other limits from now on; what was left out stays away. */
  limit(limits: IOutputLimits): void {
    this.limits = limits;
  }

  clear(): void {
    this.list.length = 0;
    this.tail = null;
    this.heldBytes = 0;
    this.touched = 0;
  }

  /** A new output. */
  push(entry: DataEntry | LeftOutEntry): void {
    if (!this.admits(entry.bytes)) {
      this.startTail();
    }
    this.append(entry);
    this.trim();
  }

  /** An output that is here becomes another one. */
  replace(entry: DataEntry, output: Json, size: IOutputSize): void {
    const index = this.list.indexOf(entry);
    const before = entry.bytes;
    const inTail = this.tail !== null && index >= this.tail.from;
    const otherBytes = (this.tail?.headBytes ?? this.heldBytes) - before;
    const growth = size.memoryBytes - before;
    const fits =
      otherBytes + size.memoryBytes <= this.limits.headBytes && (growth <= 0 || this.isRoomFor(growth));
    if (inTail || fits) {
      entry.become(output, size);
    } else {
      entry.become(leftOutOutput({ bytes: size.bytes, exact: true }), { bytes: 0, memoryBytes: 0 });
    }
    this.heldBytes += entry.bytes - before;
    if (this.tail !== null && !inTail) {
      this.tail.headBytes += entry.bytes - before;
    }
    this.touch(index);
    this.trim();
  }

  /** More is missing where something is missing already. */
  addMissing(entry: LeftOutEntry, leftOut: ILeftOut): void {
    entry.add(leftOut);
    this.touch(this.list.indexOf(entry));
  }

  /**
   * More text.
   *
   * @param stream - the last output, which the text is joined to; null = none.
   * @param create - makes the output that it begins.
   * @returns the stream that the next text is joined to.
   */
  print(text: string, stream: StreamEntry | null, create: () => StreamEntry): StreamEntry {
    if (this.tail !== null) {
      const rest = this.lastLines(text, this.tail);
      return this.grow(rest, this.list.at(-1) === stream ? stream : null, create);
    }
    const fits = this.fits(MOST_JSON_BYTES_PER_UNIT * text.length) || this.fits(textSize(text).jsonBytes);
    if (fits && this.isRoomFor(text.length)) {
      return this.grow(text, stream, create);
    }
    const lines = this.linesThatFit(text);
    const whole = lines > 0 && this.isRoomFor(lines) ? lines : 0;
    if (whole > 0) {
      this.grow(text.slice(0, whole), stream, create);
    }
    // It goes on in a new output, so that the beginning stays as it is.
    return this.grow(this.lastLines(text.slice(whole), this.startTail()), null, create);
  }

  private grow(text: string, stream: StreamEntry | null, create: () => StreamEntry): StreamEntry {
    const entry = stream ?? create();
    if (stream === null) {
      this.append(entry);
    }
    const before = entry.bytes;
    entry.text.add(text);
    this.heldBytes += entry.bytes - before;
    this.trim();
    return entry;
  }

  private append(entry: OutputEntry): void {
    this.list.push(entry);
    this.heldBytes += entry.bytes;
  }

  private touch(index: number): void {
    this.touched = Math.min(this.touched, index);
  }

  private fits(bytes: number): boolean {
    return this.heldBytes + bytes <= this.limits.headBytes;
  }

  private isRoomFor(bytes: number): boolean {
    return this.limits.admits?.(bytes) ?? true;
  }

  /** Whether so much more can be held, at the beginning or, for a while, at the end. */
  private admits(bytes: number): boolean {
    return this.tail !== null || (this.fits(bytes) && this.isRoomFor(bytes));
  }

  /** How much of a text fits as whole lines, in UTF-16 units, at the least. */
  private linesThatFit(text: string): number {
    const room = Math.floor(this.limits.headBytes - this.heldBytes);
    return room > 0 ? text.lastIndexOf('\n', Math.floor(room / MOST_JSON_BYTES_PER_UNIT) - 1) + 1 : 0;
  }

  private startTail(): ITail {
    return (this.tail = { from: this.list.length, headBytes: this.heldBytes, marker: null });
  }

  /** The last lines of a long text: everything before would be taken away at once, and is not even worked on. */
  private lastLines(text: string, tail: ITail): string {
    const isLong = text.length > 2 * this.limits.tailBytes;
    const lineFeed = isLong ? text.lastIndexOf('\n', text.length - this.limits.tailBytes) : -1;
    if (lineFeed < 0) {
      return text;
    }
    const marker = this.mark(tail);
    while (this.list.length > tail.from + 1) {
      marker.add(this.dropFirst(tail.from + 1, Infinity));
    }
    marker.add({ bytes: utf8Bytes(text.slice(0, lineFeed + 1)), exact: true });
    return text.slice(lineFeed + 1);
  }

  /** Takes away the beginning of the tail when it is too long. */
  private trim(): void {
    const { tail } = this;
    if (tail === null || this.heldBytes - tail.headBytes <= 2 * this.limits.tailBytes) {
      return;
    }
    const marker = this.mark(tail);
    for (let excess = this.excess(tail); excess > 0; excess = this.excess(tail)) {
      marker.add(this.dropFirst(tail.from + 1, excess));
    }
  }

  private excess(tail: ITail): number {
    return this.list.length > tail.from + 1 ? this.heldBytes - tail.headBytes - this.limits.tailBytes : 0;
  }

  /** The place before the tail where something is missing, from now on. */
  private mark(tail: ITail): LeftOutEntry {
    if (tail.marker === null) {
      tail.marker = new LeftOutEntry({ bytes: 0, exact: true });
      this.list.splice(tail.from, 0, tail.marker);
      tail.headBytes += tail.marker.bytes;
      this.heldBytes += tail.marker.bytes;
    }
    this.touch(tail.from);
    return tail.marker;
  }

  /** Drops the output at `index`, or, of a text that is longer than that, about its first `excess` bytes. */
  private dropFirst(index: number, excess: number): ILeftOut {
    const entry = this.list[index];
    if (!entry) {
      return { bytes: 0, exact: true };
    }
    const before = entry.bytes;
    if (entry instanceof StreamEntry && entry.text.size.jsonBytes > excess) {
      const bytes = entry.dropFirst(excess);
      this.heldBytes += entry.bytes - before;
      return { bytes, exact: true };
    }
    this.list.splice(index, 1);
    this.heldBytes -= before;
    this.dropped(entry);
    return entry instanceof LeftOutEntry ? entry.value : { bytes: entry.dataBytes, exact: true };
  }

  private readonly list: OutputEntry[] = [];
  private heldBytes = 0;
  private tail: ITail | null = null;
  private touched = Infinity;
}

/** Where what is above the limit goes. */
interface ITail {
  readonly from: number;
  headBytes: number;
  /** Stands before the tail as soon as something is missing. */
  marker: LeftOutEntry | null;
}
