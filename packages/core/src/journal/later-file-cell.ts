import { textSum } from '@labkeeper/protocol';
import { FileCell, type SourceChange } from './file-cell.js';
import { isJson, joinedText, jsonEqual, type Json } from './json.js';
import { fileCell, fileCellMetadata, readCell } from './nbformat-cell.js';
import type { IMember, NotebookFile } from './notebook-file.js';
import type { PutCell } from './put-cell.js';
import type { IByteRange } from './scan-notebook.js';
import { SpliceError } from './splice-error.js';

/**
 * A cell of a file that is compared with what a run says of one. Only the fields that the run speaks of are read, and
 * no more than a few numbers of them are kept.
 */
export class LaterCell {
  private constructor(
    private readonly file: NotebookFile,
    private readonly members: ReadonlyMap<string, IMember>,
    /** A field that this version cannot read the name of, or one that is there twice: only parts can be compared. */
    private readonly isOdd: boolean,
    private readonly withIds: boolean
  ) {}

  /** Finds a cell's fields. @throws SpliceError 'file-changed'. */
  static async of(file: NotebookFile, place: IByteRange, withIds: boolean): Promise<LaterCell> {
    const found = await file.members(place, 'outputs', null);
    const members = new Map<string, IMember>();
    for (const member of found) {
      if (member.key !== null) {
        members.set(member.key, member);
      }
    }
    return new LaterCell(file, members, members.size !== found.length, withIds);
  }

  /**
   * Whether everything that the run says of the cell is so in the file; false also for what is too large to be looked
   * at.
   */
  async holds(change: FileCell | PutCell): Promise<boolean> {
    try {
      return change instanceof FileCell ? await this.holdsFields(change) : await this.isCell(change.json);
    } catch (error) {
      if (error instanceof SpliceError) {
        return false;
      }
      throw error;
    }
  }

  private async holdsFields(change: FileCell): Promise<boolean> {
    const { executionCount, metadata, attachments, keptOutputs, appends } = change;
    const hasOutputs = keptOutputs !== Infinity || appends.size > 0;
    if ((hasOutputs || executionCount !== null) && (await this.value('cell_type')) !== 'code') {
      return false;
    }
    return (
      (executionCount === null || ((await this.value('execution_count')) ?? null) === executionCount.count) &&
      (change.source === null || (await this.holdsSource(change.source))) &&
      (metadata === null || (await this.holdsMetadata(metadata))) &&
      (attachments === null || (await this.holdsAttachments(attachments.attachments))) &&
      (!hasOutputs || (await this.holdsOutputs(change)))
    );
  }

  private async holdsSource(change: SourceChange): Promise<boolean> {
    if (change.kind === 'whole') {
      return joinedText(await this.value('source')) === change.text;
    }
    if (this.sourceSum === undefined) {
      const text = joinedText(await this.value('source'));
      this.sourceSum = text === null ? null : textSum(text);
    }
    return this.sourceSum === change.edits.at(-1)?.sum;
  }

  private async holdsMetadata(metadata: Json): Promise<boolean> {
    const found = await this.value('metadata');
    return isJson(found) && jsonEqual(fileCellMetadata(found), fileCellMetadata(metadata));
  }

  private async holdsAttachments(attachments: Json | null): Promise<boolean> {
    const found = await this.value('attachments');
    return attachments === null
      ? found === undefined
      : jsonEqual(readCell({ attachments: found }), readCell({ attachments }));
  }

  private async holdsOutputs({ keptOutputs, newOutputs, appends }: FileCell): Promise<boolean> {
    const items = this.members.get('outputs')?.items ?? [];
    if (keptOutputs !== Infinity && items.length !== keptOutputs + newOutputs.length) {
      return false;
    }
    for (const [index, { at, text }] of appends) {
      const item = items[index];
      const length = item ? await this.streamLength(index, item) : null;
      if (!item || length !== at + text.length) {
        return false;
      }
      if ((await this.streamText(item))?.slice(at) !== text) {
        return false;
      }
    }
    return keptOutputs === Infinity || this.holdsItems(keptOutputs, newOutputs);
  }

  /**
   * Whether the outputs from `from` on are these. The last comes first: it is the one that differs, where outputs come
   * one by one; and a stream is read only where its length fits, because it may grow with every batch.
   */
  private async holdsItems(from: number, outputs: readonly unknown[]): Promise<boolean> {
    const items = this.members.get('outputs')?.items ?? [];
    for (let index = items.length - 1; index >= from; index -= 1) {
      const item = items[index];
      const output = outputs[index - from];
      const text = isJson(output) && output.output_type === 'stream' ? joinedText(output.text) : null;
      if (!item || (text !== null && (await this.streamLength(index, item)) !== text.length)) {
        return false;
      }
      if (!jsonEqual(readOutput(await this.file.value(item, null)), readOutput(output))) {
        return false;
      }
    }
    return items.length === from + outputs.length;
  }

  private async isCell(cell: Json): Promise<boolean> {
    if (this.isOdd) {
      return false;
    }
    const { outputs, ...rest } = fileCell(cell, this.withIds);
    const items = this.members.get('outputs')?.items;
    const hasOutputs = Array.isArray(outputs)
      ? items?.length === outputs.length && (await this.holdsItems(0, outputs))
      : items === undefined && outputs === undefined;
    if (!hasOutputs) {
      return false;
    }
    const found = new Map<string, unknown>();
    for (const key of this.members.keys()) {
      // A cell to which the page gave no id gets one when it is saved.
      if (key !== 'outputs' && !(key === 'id' && rest.id === undefined)) {
        found.set(key, await this.value(key));
      }
    }
    return jsonEqual(comparable(Object.fromEntries(found)), comparable(rest));
  }

  /** undefined = there is no such field. */
  private async value(key: string): Promise<unknown> {
    const member = this.members.get(key);
    if (this.isOdd && member) {
      // The field may be there twice.
      throw new SpliceError('field-twice', null);
    }
    return member ? this.file.value(member, null) : undefined;
  }

  private async streamLength(index: number, item: IByteRange): Promise<number | null> {
    let length = this.streamLengths.get(index);
    if (length === undefined) {
      length = (await this.streamText(item))?.length ?? null;
      this.streamLengths.set(index, length);
    }
    return length;
  }

  /** null = it is no stream. */
  private async streamText(item: IByteRange): Promise<string | null> {
    const output = await this.file.value(item, null);
    return isJson(output) && output.output_type === 'stream' ? joinedText(output.text) : null;
  }

  private sourceSum: number | null | undefined = undefined;
  private readonly streamLengths = new Map<number, number | null>();
}

/** An output as a page gets it. */
function readOutput(output: unknown): unknown {
  return readCell({ cell_type: 'code', outputs: [output] }).outputs;
}

function comparable(cell: Json): Json {
  const read = readCell(cell);
  return isJson(read.metadata) ? { ...read, metadata: fileCellMetadata(read.metadata) } : read;
}
