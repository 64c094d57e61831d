import type { JournalRecord } from '@labkeeper/protocol';
import type { AbstractType, Array as YArray, Map as YMap, Text as YText, YEvent } from 'yjs';
import { ChangedText } from './changed-text.js';
import { fileCell } from './file-cell.js';

export type YCell = YMap<unknown>;
/** What happened to one shared type below the cells. */
export type CellEvent = YEvent<AbstractType<unknown>>;

/** Fields of a cell that are not in the file. */
const TRANSIENT = new Set(['execution_state', 'id']);

/** Which fields of one cell changed since some moment. */
export class CellChanges {
  /** Only what belongs into the file counts. */
  get isEmpty(): boolean {
    return (
      !this.isWhole &&
      this.source === null &&
      !this.sourceReplaced &&
      this.fields.size === 0 &&
      this.outputsFrom === Infinity &&
      this.appends.size === 0
    );
  }

  /** The cell is new, or changed in a way that only the whole cell can tell. */
  whole(): void {
    this.isWhole = true;
  }

  /**
   * Notes what one event below `cell` says.
   *
   * @param child - the field's own shared type that the event is in or below; null = the cell itself.
   * @param grandchild - what is below that; null = nothing.
   */
  note(cell: YCell, child: unknown, grandchild: unknown, event: CellEvent): void {
    if (child === null) {
      event.keys.forEach((_, key) => this.noteField(key));
    } else if (child === cell.get('source')) {
      this.noteSource(child, event);
    } else if (child === cell.get('metadata')) {
      this.noteMetadata(event, event.target === child);
    } else if (child === cell.get('outputs')) {
      this.noteOutputs(child, grandchild, event);
    } else {
      this.isWhole = true;
    }
  }

  /** What changed, as records with the number `c`. */
  records(cell: YCell, c: number): JournalRecord[] {
    if (this.isWhole) {
      return [{ t: 'put', c, cell: fileCell(cell) }];
    }
    const records: JournalRecord[] = [];
    const now = fileCell(cell, false);
    if (this.sourceReplaced) {
      records.push({ t: 'src', c, v: String(now['source']) });
    } else if (this.source) {
      records.push({ t: 'edit', c, ...this.source.edit(String(now['source'])) });
    }
    if (this.fields.has('execution_count')) {
      const count = now['execution_count'];
      records.push({ t: 'exec', c, v: typeof count === 'number' ? count : null });
    }
    if (this.fields.has('metadata')) {
      records.push({ t: 'meta', c, v: asObject(now['metadata']) ?? {} });
    }
    if (this.fields.has('attachments')) {
      records.push({ t: 'att', c, v: asObject(now['attachments']) });
    }
    return [...records, ...this.outputRecords(cell, c)];
  }

  private outputRecords(cell: YCell, c: number): JournalRecord[] {
    const outputs = cell.get('outputs') as YArray<YMap<unknown>> | undefined;
    if (!outputs) {
      return [];
    }
    const records: JournalRecord[] = [];
    for (const [i, text] of this.appends) {
      if (i < this.outputsFrom) {
        const stream = String(outputs.get(i)?.get('text') ?? '');
        const { at, ins = '' } = text.edit(stream);
        records.push({ t: 'app', c, i, at, v: text.isAppend ? ins : stream.slice(at) });
      }
    }
    if (this.outputsFrom !== Infinity) {
      const from = Math.min(this.outputsFrom, outputs.length);
      records.push({ t: 'out', c, from, v: outputs.slice(from).map(output => output.toJSON()) });
    }
    return records;
  }

  private noteField(key: string): void {
    if (TRANSIENT.has(key)) {
      return;
    }
    if (key === 'source') {
      this.sourceReplaced = true;
    } else if (key === 'outputs') {
      this.outputsFrom = 0;
    } else if (key === 'execution_count' || key === 'metadata' || key === 'attachments') {
      this.fields.add(key);
    } else {
      this.isWhole = true;
    }
  }

  private noteSource(source: unknown, event: CellEvent): void {
    if (this.source === null) {
      // The length before: what is there now, less what this event brought and with what it took.
      this.source = new ChangedText(lengthBefore(source as YText, event));
    }
    this.source.add(event.delta);
  }

  private noteMetadata(event: CellEvent, isTop: boolean): void {
    // `trusted` is told to the server in the notebook's signature, not in the file.
    if (!isTop || [...event.keys.keys()].some(key => key !== 'trusted')) {
      this.fields.add('metadata');
    }
  }

  private noteOutputs(outputs: unknown, output: unknown, event: CellEvent): void {
    if (event.target === outputs) {
      this.outputsFrom = Math.min(this.outputsFrom, event.delta[0]?.retain ?? 0);
      return;
    }
    const list = outputs as YArray<unknown>;
    // From the end: it is nearly always the last one that grows.
    let index = list.length - 1;
    while (index >= 0 && list.get(index) !== output) {
      index -= 1;
    }
    if (index < 0) {
      return;
    }
    const text = (output as YMap<unknown>).get('text');
    if (event.target === text && index < this.outputsFrom) {
      let append = this.appends.get(index);
      if (!append) {
        append = new ChangedText(lengthBefore(text as YText, event));
        this.appends.set(index, append);
      }
      append.add(event.delta);
    } else {
      this.outputsFrom = Math.min(this.outputsFrom, index);
    }
  }

  private isWhole = false;
  private sourceReplaced = false;
  private source: ChangedText | null = null;
  private readonly fields = new Set<string>();
  private outputsFrom = Infinity;
  private readonly appends = new Map<number, ChangedText>();
}

function lengthBefore(text: YText, event: CellEvent): number {
  let length = text.length;
  for (const { insert, delete: deleted } of event.delta) {
    length += (deleted ?? 0) - (typeof insert === 'string' ? (insert as string).length : insert ? 1 : 0);
  }
  return length;
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null ? { ...value } : null;
}
