import type { JournalRecord } from '@labkeeper/protocol';
import type { IFoldedCell } from './folded-cell.js';
import { isJson, joinedText, type Json } from './json.js';
import { JournalError } from './journal-error.js';
import { applyEdits, type IEdit } from './text-edit.js';

/** A cell that is known whole: each record is applied to it at once. */
export class PutCell implements IFoldedCell {
  /**
   * @param number - its number in the run.
   * @param cell - as the page or the file has it; it is not changed.
   */
  constructor(
    private readonly number: number,
    cell: Json
  ) {
    this.cell = { ...cell };
  }

  /** The cell as it is now. */
  get json(): Json {
    return this.cell;
  }

  setSource(text: string): void {
    this.cell.source = text;
  }

  edit(edit: IEdit): void {
    const text = joinedText(this.cell.source ?? '');
    if (text === null) {
      throw new JournalError('wrong-kind', this.number);
    }
    this.cell.source = applyEdits(text, [edit], this.number);
  }

  setExecutionCount(count: number | null): void {
    this.mustBeCode();
    this.cell.execution_count = count;
  }

  setMetadata(metadata: Json): void {
    this.cell.metadata = metadata;
  }

  setAttachments(attachments: Json | null): void {
    if (attachments === null) {
      delete this.cell.attachments;
    } else {
      this.cell.attachments = attachments;
    }
  }

  setOutputs(from: number, outputs: readonly Json[]): void {
    const present = this.outputs();
    if (from > present.length) {
      throw new JournalError('output-past-end', this.number);
    }
    this.cell.outputs = [...present.slice(0, from), ...outputs];
  }

  append(index: number, at: number, text: string): void {
    const outputs = [...this.outputs()];
    outputs[index] = withText(outputs[index], at, text, this.number);
    this.cell.outputs = outputs;
  }

  records(): JournalRecord[] {
    return [{ t: 'put', c: this.number, cell: this.cell }];
  }

  private outputs(): readonly unknown[] {
    this.mustBeCode();
    const outputs = this.cell.outputs ?? [];
    if (!Array.isArray(outputs)) {
      throw new JournalError('wrong-kind', this.number);
    }
    return outputs;
  }

  private mustBeCode(): void {
    if (this.cell.cell_type !== 'code') {
      throw new JournalError('wrong-kind', this.number);
    }
  }

  private readonly cell: Json;
}

/**
 * A stream output whose text from `at` on is `text`.
 *
 * @param output - the output before; undefined = there is none.
 * @param cell - where it is, for the error.
 * @throws JournalError 'output-past-end', 'not-a-stream' or 'append-past-end'.
 */
export function withText(output: unknown, at: number, text: string, cell: number): Json {
  if (output === undefined) {
    throw new JournalError('output-past-end', cell);
  }
  const before = isJson(output) && output.output_type === 'stream' ? joinedText(output.text) : null;
  if (!isJson(output) || before === null) {
    throw new JournalError('not-a-stream', cell);
  }
  if (at > before.length) {
    throw new JournalError('append-past-end', cell);
  }
  return { ...output, text: before.slice(0, at) + text };
}
