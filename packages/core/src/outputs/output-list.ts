import type { JournalRecord } from '@labkeeper/protocol';
import { BoundedOutputs, type IOutputLimits } from './bounded-outputs.js';
import type { ILeftOut } from './left-out.js';
import { DataEntry, LeftOutEntry, StreamEntry, type OutputEntry } from './output-entry.js';
import type { IOutputSize, Json, OutputMessage } from './output-message.js';

/**
 * The outputs of one execution of a cell, made of the kernel's messages as JupyterLab makes them (`OutputArea` and
 * `OutputAreaModel` of @jupyterlab/outputarea 4.6) and as they are saved.
 */
export class OutputList {
  constructor(limits: IOutputLimits) {
    this.outputs = new BoundedOutputs(limits, entry => this.dropped(entry));
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.outputs.bytes;
  }

  get isEmpty(): boolean {
    return this.outputs.entries.length === 0;
  }

  /** Whether messages of other cells can still change outputs here. */
  get hasDisplays(): boolean {
    return this.displays.size > 0;
  }

  /** Whether something changed since records were last taken. */
  get isChanged(): boolean {
    const { entries, touchedFrom } = this.outputs;
    return touchedFrom < Infinity || entries.length > this.taken || this.grown() !== null;
  }

  /** Other limits from now on; what was left out stays away. */
  limit(limits: IOutputLimits): void {
    this.outputs.limit(limits);
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
        this.addText(message.name, message.text, message.fields);
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
      this.outputs.replace(entry, { ...output, output_type: 'display_data' }, size);
    }
    return entries.length > 0;
  }

  /** Something that belongs at this place did not come. */
  miss(leftOut: ILeftOut): void {
    if (leftOut.exact) {
      this.clearIfDue();
    }
    this.stream = null;
    const last = this.outputs.entries.at(-1);
    if (last instanceof LeftOutEntry) {
      this.outputs.addMissing(last, leftOut);
    } else {
      this.outputs.push(new LeftOutEntry(leftOut));
    }
  }

  /** All outputs as they are saved. */
  toJSON(): Json[] {
    return this.outputs.entries.map(entry => entry.toJSON());
  }

  /**
   * Records of what changed since the last call, for cell `c`; of everything if `whole`, or at the first call. An
   * `app` record comes before an `out` record.
   */
  take(c: number, whole = false): JournalRecord[] {
    const { entries, touchedFrom } = this.outputs;
    const from = whole || this.taken === 0 ? 0 : Math.min(touchedFrom, this.taken);
    const grown = from === 0 ? null : this.grown();
    const records: JournalRecord[] = [];
    const change = grown?.text.take();
    if (change) {
      records.push({ t: 'app', c, i: from - 1, at: change.at, v: change.text });
    }
    if (whole || touchedFrom < Infinity || entries.length > from) {
      const v = entries.slice(from).map(entry => ({ ...entry.toJSON() }));
      records.push({ t: 'out', c, from, v });
    }
    for (const entry of entries.slice(from)) {
      if (entry instanceof StreamEntry) {
        entry.text.take();
      }
    }
    this.taken = entries.length;
    this.outputs.untouch();
    return records;
  }

  /** The last of the outputs that need not be taken again, if it is a stream that grew. */
  private grown(): StreamEntry | null {
    const entry = this.outputs.entries[Math.min(this.outputs.touchedFrom, this.taken) - 1];
    return entry instanceof StreamEntry && entry.text.isChanged ? entry : null;
  }

  private addText(name: string, text: string, fields: Json): void {
    const stream = this.stream?.name === name ? this.stream : null;
    this.stream = this.outputs.print(text, stream, () => new StreamEntry(name, fields));
  }

  private addData(output: Json, size: IOutputSize, displayId: string | null): void {
    this.stream = null;
    const isDisplay = displayId !== null && output['output_type'] === 'display_data';
    const entry = new DataEntry(output, size, isDisplay ? displayId : null);
    if (isDisplay) {
      this.displays.set(displayId, [...(this.displays.get(displayId) ?? []), entry]);
    }
    this.outputs.push(entry);
  }

  private clearIfDue(): void {
    if (this.clearNext) {
      this.clear();
      this.clearNext = false;
    }
  }

  private clear(): void {
    this.outputs.clear();
    this.displays.clear();
    this.stream = null;
  }

  /** An output is not kept any more, and no message can change it. */
  private dropped(entry: OutputEntry): void {
    if (!(entry instanceof DataEntry) || entry.displayId === null) {
      return;
    }
    const others = (this.displays.get(entry.displayId) ?? []).filter(other => other !== entry);
    if (others.length > 0) {
      this.displays.set(entry.displayId, others);
    } else {
      this.displays.delete(entry.displayId);
    }
  }

  private readonly outputs: BoundedOutputs;
  private readonly displays = new Map<string, DataEntry[]>();
  /** The text that more of the same name is joined to; null = a new output begins. */
  private stream: StreamEntry | null = null;
  private clearNext = false;
  /** How many outputs were there when records were last taken. */
  private taken = 0;
}
