import type { JournalRecord } from '@labkeeper/protocol';
import { leftOutOutput, type ILeftOut } from './left-out.js';
import { DataEntry, LeftOutEntry, StreamEntry, type OutputEntry } from './output-entry.js';
import type { IOutputSize, Json, OutputMessage } from './output-message.js';
import { utf8Bytes } from './utf8-bytes.js';

/** In UTF-8, of a UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;

/** How much of a cell's outputs is kept. */
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

/**
 * The outputs of one execution of a cell, made of the kernel's messages as JupyterLab makes them (`OutputArea` and
 * `OutputAreaModel` of @jupyterlab/outputarea 4.6) and as they are saved. Above the limits the beginning and the end
 * are kept, and an output between them says how much was left out.
 */
export class OutputList {
  constructor(private limits: IOutputLimits) {}

  /** Bytes that are held. */
  get bytes(): number {
    return this.heldBytes;
  }

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** Whether messages of other cells can still change outputs here. */
  get hasDisplays(): boolean {
    return this.displays.size > 0;
  }

  /** Whether something changed since records were last taken. */
  get isChanged(): boolean {
    return this.dirtyFrom < Infinity || this.entries.length > this.taken || this.grown() !== null;
  }

  /** Other limits from now on; what was left out stays away. */
  limit(limits: IOutputLimits): void {
    this.limits = limits;
  }

  /** Takes a message of this execution; what it says of displays is for `update`. */
  add(message: OutputMessage): void {
    switch (message.kind) {
      case 'clear':
        this.stream = null;
        if (message.wait) {
          this.clearNext = true;
        } else {
          this.clear();
        }
        break;
      case 'stream':
        this.clearIfDue();
        this.addText(message);
        break;
      case 'output':
        this.clearIfDue();
        this.addData(message.output, message.size, message.displayId);
        break;
      case 'update':
        break;
    }
  }

  /** A message, of this or another execution, shows something else in a display. @returns whether it is here. */
  update(displayId: string, output: Json, size: IOutputSize): boolean {
    const entries = this.displays.get(displayId) ?? [];
    for (const entry of entries) {
      this.become(entry, { ...output, output_type: 'display_data' }, size);
    }
    this.trim();
    return entries.length > 0;
  }

  /** Something that belongs at this place did not come. */
  miss(leftOut: ILeftOut): void {
    if (leftOut.exact) {
      this.clearIfDue();
    }
    this.stream = null;
    const last = this.entries.at(-1);
    if (last instanceof LeftOutEntry) {
      last.add(leftOut);
      this.dirtyFrom = Math.min(this.dirtyFrom, this.entries.length - 1);
    } else {
      if (!this.admits(0)) {
        this.startTail();
      }
      this.append(new LeftOutEntry(leftOut));
      this.trim();
    }
  }

  /** All outputs as they are saved. */
  toJSON(): Json[] {
    return this.entries.map(entry => entry.toJSON());
  }

  /**
   * Records of what changed since the last call, for cell `c`; of everything if `whole`, or at the first call. An
   * `app` record comes before an `out` record.
   */
  take(c: number, whole = false): JournalRecord[] {
    const from = whole || this.taken === 0 ? 0 : Math.min(this.dirtyFrom, this.taken);
    const grown = from === 0 ? null : this.grown();
    const records: JournalRecord[] = [];
    const change = grown?.text.take();
    if (change) {
      records.push({ t: 'app', c, i: from - 1, at: change.at, v: change.text });
    }
    if (whole || this.dirtyFrom < Infinity || this.entries.length > from) {
      const v = this.entries.slice(from).map(entry => ({ ...entry.toJSON() }));
      records.push({ t: 'out', c, from, v });
    }
    for (const entry of this.entries.slice(from)) {
      if (entry instanceof StreamEntry) {
        entry.text.take();
      }
    }
    this.taken = this.entries.length;
    this.dirtyFrom = Infinity;
    return records;
  }

  /** The last of the outputs that need not be taken again, if it is a stream that grew. */
  private grown(): StreamEntry | null {
    const entry = this.entries[Math.min(this.dirtyFrom, this.taken) - 1];
    return entry instanceof StreamEntry && entry.text.isChanged ? entry : null;
  }

  private addText({ name, text, fields }: IStreamMessage): void {
    const fits = this.fits(MOST_BYTES_PER_UNIT * text.length) || this.fits(utf8Bytes(text));
    if (fits && this.admits(text.length)) {
      this.grow(name, this.tail ? this.lastLines(text, this.tail) : text, fields);
      return;
    }
    const lines = this.linesThatFit(text);
    const whole = lines > 0 && this.admits(lines) ? lines : 0;
    if (whole > 0) {
      this.grow(name, text.slice(0, whole), fields);
    }
    const tail = this.startTail();
    this.grow(name, this.lastLines(text.slice(whole), tail), fields);
  }

  /** The last lines of a long text: everything before would be taken away at once, and is not even worked on. */
  private lastLines(text: string, tail: ITail): string {
    const cut = text.length - 2 * this.limits.tailBytes;
    const lineFeed = cut > 0 ? text.lastIndexOf('\n', text.length - this.limits.tailBytes) : -1;
    if (lineFeed < 0) {
      return text;
    }
    const marker = this.mark(tail);
    while (this.entries.length > tail.from + 1) {
      marker.add(this.dropFirst(tail.from + 1, Infinity));
    }
    marker.add({ bytes: utf8Bytes(text.slice(0, lineFeed + 1)), exact: true });
    return text.slice(lineFeed + 1);
  }

  private grow(name: string, text: string, fields: Json): void {
    if (this.stream?.name !== name) {
      this.stream = new StreamEntry(name, fields);
      this.append(this.stream);
    }
    const before = this.stream.bytes;
    this.stream.text.add(text);
    this.heldBytes += this.stream.bytes - before;
    this.trim();
  }

  /** How much of a text fits as whole lines, in UTF-16 units, at the least. */
  private linesThatFit(text: string): number {
    const room = Math.floor(this.limits.headBytes - this.heldBytes);
    return room > 0 ? text.lastIndexOf('\n', Math.floor(room / MOST_BYTES_PER_UNIT) - 1) + 1 : 0;
  }

  private addData(output: Json, size: IOutputSize, displayId: string | null): void {
    this.stream = null;
    if (!this.fits(size.memoryBytes) || !this.admits(size.memoryBytes)) {
      this.startTail();
    }
    const registers = displayId !== null && output['output_type'] === 'display_data';
    const entry = new DataEntry(output, size, registers ? displayId : null);
    this.append(entry);
    if (registers) {
      this.displays.set(displayId, [...(this.displays.get(displayId) ?? []), entry]);
    }
    this.trim();
  }

  private become(entry: DataEntry, output: Json, size: IOutputSize): void {
    const index = this.entries.indexOf(entry);
    const before = entry.bytes;
    const inTail = this.tail !== null && index >= this.tail.from;
    const otherBytes = (this.tail?.headBytes ?? this.heldBytes) - before;
    const fits = otherBytes + size.memoryBytes <= this.limits.headBytes;
    const growth = Math.max(0, size.memoryBytes - before);
    if (inTail || (fits && (growth === 0 || (this.limits.admits?.(growth) ?? true)))) {
      entry.become(output, size);
    } else {
      entry.become(leftOutOutput({ bytes: size.bytes, exact: true }), { bytes: 0, memoryBytes: 0 });
    }
    this.heldBytes += entry.bytes - before;
    if (this.tail !== null && !inTail) {
      this.tail.headBytes += entry.bytes - before;
    }
    this.dirtyFrom = Math.min(this.dirtyFrom, index);
  }

  private append(entry: OutputEntry): void {
    this.entries.push(entry);
    this.heldBytes += entry.bytes;
  }

  private clearIfDue(): void {
    if (this.clearNext) {
      this.clear();
      this.clearNext = false;
    }
  }

  private clear(): void {
    this.entries.length = 0;
    this.displays.clear();
    this.stream = null;
    this.tail = null;
    this.heldBytes = 0;
    this.dirtyFrom = 0;
  }

  /** Whether so much more is below the limit of this list, or goes to the tail anyway. */
  private fits(bytes: number): boolean {
    return this.tail !== null || this.heldBytes + bytes <= this.limits.headBytes;
  }

  /** Whether there is room for so much more, where it does not go to the tail. */
  private admits(bytes: number): boolean {
    return this.tail !== null || (this.fits(bytes) && (this.limits.admits?.(bytes) ?? true));
  }

  private startTail(): ITail {
    // A stream that goes on does so in a new output, so that the head stays as it is.
    this.stream = null;
    return (this.tail = { from: this.entries.length, headBytes: this.heldBytes, marker: null });
  }

  /** The place before the tail where something is missing, from now on. */
  private mark(tail: ITail): LeftOutEntry {
    if (tail.marker === null) {
      tail.marker = new LeftOutEntry({ bytes: 0, exact: true });
      this.entries.splice(tail.from, 0, tail.marker);
      tail.headBytes += tail.marker.bytes;
      this.heldBytes += tail.marker.bytes;
    }
    this.dirtyFrom = Math.min(this.dirtyFrom, tail.from);
    return tail.marker;
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
    return this.entries.length > tail.from + 1 ? this.heldBytes - tail.headBytes - this.limits.tailBytes : 0;
  }

  /** Drops the output at `index`, or, of a text that is longer than that, its first `excess` bytes. */
  private dropFirst(index: number, excess: number): ILeftOut {
    const entry = this.entries[index];
    if (entry instanceof StreamEntry && entry.dataBytes > excess) {
      const bytes = entry.text.keepEnd(entry.dataBytes - excess);
      this.heldBytes -= bytes;
      return { bytes, exact: true };
    }
    this.entries.splice(index, 1);
    this.heldBytes -= entry?.bytes ?? 0;
    if (entry === this.stream) {
      this.stream = null;
    }
    if (entry instanceof DataEntry && entry.displayId !== null) {
      const others = (this.displays.get(entry.displayId) ?? []).filter(other => other !== entry);
      if (others.length > 0) {
        this.displays.set(entry.displayId, others);
      } else {
        this.displays.delete(entry.displayId);
      }
    }
    return entry instanceof LeftOutEntry ? entry.value : { bytes: entry?.dataBytes ?? 0, exact: true };
  }

  private readonly entries: OutputEntry[] = [];
  private readonly displays = new Map<string, DataEntry[]>();
  /** The text that more of the same name is joined to; null = a new output begins. */
  private stream: StreamEntry | null = null;
  private clearNext = false;
  private heldBytes = 0;
  private tail: ITail | null = null;
  /** How many outputs were there when records were last taken. */
  private taken = 0;
  /** From here on they are no longer as they were taken. */
  private dirtyFrom = Infinity;
}

/** Where what is above the limit goes. */
interface ITail {
  readonly from: number;
  headBytes: number;
  /** Stands before the tail as soon as something is missing. */
  marker: LeftOutEntry | null;
}

interface IStreamMessage {
  readonly name: string;
  readonly text: string;
  readonly fields: Json;
}
