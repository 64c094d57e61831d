import type { FieldRecord, IFoldedCell } from './folded-cell.js';
import type { Json } from './json.js';
import { JournalError } from './journal-error.js';
import { withText } from './put-cell.js';
import { applyEdits, mergeEdits, type IEdit } from './text-edit.js';

/** A new source: whole, or by what changed in the file's. */
export type SourceChange =
  | { readonly kind: 'whole'; readonly text: string }
  | { readonly kind: 'edits'; readonly edits: readonly IEdit[] };

/** The text of a stream output from `at` on. */
export interface IAppend {
  readonly at: number;
  readonly text: string;
}

/**
 * A cell of the file, by what changed in it. What the file holds is not known here, so edits, appended text and the
 * number of kept outputs are checked when the file is at hand.
 */
export class FileCell implements IFoldedCell {
  constructor(private readonly number: number) {}

  setSource(text: string): void {
    this.sourceChange = { kind: 'whole', text };
  }

  edit(edit: IEdit): void {
    const before = this.sourceChange;
    if (before?.kind === 'whole') {
      this.setSource(applyEdits(before.text, [edit], this.number));
      return;
    }
    const edits = [...(before?.edits ?? [])];
    let merged = edit;
    // One that joins two places may touch the edit before them.
    for (let last = edits.at(-1); last !== undefined; last = edits.at(-1)) {
      const both = mergeEdits(last, merged);
      if (both === null) {
        break;
      }
      merged = both;
      edits.pop();
    }
    this.sourceChange = { kind: 'edits', edits: [...edits, merged] };
  }

  setExecutionCount(count: number | null): void {
    this.execution = { count };
  }

  setMetadata(metadata: Json): void {
    this.newMetadata = metadata;
  }

  setAttachments(attachments: Json | null): void {
    this.newAttachments = { attachments };
  }

  setOutputs(from: number, outputs: readonly Json[]): void {
    if (from <= this.kept) {
      this.kept = from;
      this.added = [...outputs];
      for (const index of this.grown.keys()) {
        if (index >= from) {
          this.grown.delete(index);
        }
      }
      return;
    }
    if (from - this.kept > this.added.length) {
      throw new JournalError('output-past-end', this.number);
    }
    this.added = [...this.added.slice(0, from - this.kept), ...outputs];
  }

  append(index: number, at: number, text: string): void {
    if (index >= this.kept) {
      const place = index - this.kept;
      this.added[place] = withText(this.added[place], at, text, this.number);
      return;
    }
    const before = this.grown.get(index);
    if (before === undefined || at < before.at) {
      this.grown.set(index, { at, text });
      return;
    }
    if (at - before.at > before.text.length) {
      throw new JournalError('append-past-end', this.number);
    }
    this.grown.set(index, { at: before.at, text: before.text.slice(0, at - before.at) + text });
  }

  /** null = the file's. */
  get source(): SourceChange | null {
    return this.sourceChange;
  }

  /** null = the file's. */
  get executionCount(): { readonly count: number | null } | null {
    return this.execution;
  }

  /** null = the file's. */
  get metadata(): Json | null {
    return this.newMetadata;
  }

  /** null = the file's; attachments null = none any more. */
  get attachments(): { readonly attachments: Json | null } | null {
    return this.newAttachments;
  }

  /** How many outputs of the file stay; Infinity = all. */
  get keptOutputs(): number {
    return this.kept;
  }

  /** The outputs that follow those of the file that stay. */
  get newOutputs(): readonly Json[] {
    return this.added;
  }

  /** Those outputs of the file that stay and whose text grew. */
  get appends(): ReadonlyMap<number, IAppend> {
    return this.grown;
  }

  records(): FieldRecord[] {
    const c = this.number;
    const records: FieldRecord[] = [];
    if (this.sourceChange?.kind === 'whole') {
      records.push({ t: 'src', c, v: this.sourceChange.text });
    }
    for (const { at, del, ins, sum } of this.sourceChange?.kind === 'edits' ? this.sourceChange.edits : []) {
      records.push({ t: 'edit', c, at, ...(del > 0 && { del }), ...(ins !== '' && { ins }), sum });
    }
    if (this.execution) {
      records.push({ t: 'exec', c, v: this.execution.count });
    }
    if (this.newMetadata) {
      records.push({ t: 'meta', c, v: this.newMetadata });
    }
    if (this.newAttachments) {
      records.push({ t: 'att', c, v: this.newAttachments.attachments });
    }
    for (const [i, { at, text }] of this.grown) {
      records.push({ t: 'app', c, i, at, v: text });
    }
    if (this.kept !== Infinity) {
      records.push({ t: 'out', c, from: this.kept, v: [...this.added] });
    }
    return records;
  }

  private sourceChange: SourceChange | null = null;
  private execution: { readonly count: number | null } | null = null;
  private newMetadata: Json | null = null;
  private newAttachments: { readonly attachments: Json | null } | null = null;
  private kept = Infinity;
  private added: Json[] = [];
  private readonly grown = new Map<number, IAppend>();
}
