import type { FileCell } from './file-cell.js';
import type { FoldedRun } from './fold-run.js';
import { isJson, joinedText, jsonEqual, type Json } from './json.js';
import { JournalError } from './journal-error.js';
import { PutCell, withText } from './put-cell.js';
import { applyEdits } from './text-edit.js';

/** What JupyterLab notes in a cell's metadata when it runs it, and what it never writes. */
const RUN_KEYS = ['execution', 'trusted'];
/** What comes with every start of a kernel. */
const KERNEL_KEYS = ['kernelspec', 'language_info'];

/** A cell of the file that ran, with what it put out and the code that did. */
export interface IRanCell {
  /** null = the file has no ids. */
  readonly id: string | null;
  /** As in the file. */
  readonly source: string;
  /** The source that it was given; null = that of the file. */
  readonly newSource: string | null;
  readonly outputs: readonly Json[];
  readonly executionCount: number | null;
}

/** What a run says of one cell of the file. */
export interface IRanChange {
  /** null = it did not run. */
  readonly ran: IRanCell | null;
  /** Something changed in it that is no outcome of a run. */
  readonly rest: boolean;
}

/**
 * Tells what a cell put out from what was edited in it.
 *
 * @param file - the cell as it is in the file.
 * @param change - null = nothing changed; it is told as it is.
 * @throws JournalError where the records do not fit the cell.
 */
export function ranChange(file: Json, number: number, change: FileCell | null): IRanChange {
  const source = joinedText(file.source ?? '');
  if (source === null) {
    throw new JournalError('wrong-kind', number);
  }
  const newSource = change === null ? null : newSourceOf(change, source, number);
  const rest = change !== null && isNewMetadata(change, file);
  const isRun = change === null || hasRun(change);
  if (!isRun || file.cell_type !== 'code') {
    return { ran: null, rest: rest || newSource !== null };
  }
  const count = change?.executionCount ? change.executionCount.count : file.execution_count;
  return {
    ran: {
      id: typeof file.id === 'string' ? file.id : null,
      source,
      newSource,
      outputs: outputsOf(file, number, change),
      executionCount: typeof count === 'number' ? count : null
    },
    rest
  };
}

/** Whether the list of cells is another one than the file's; empty new cells do not count. */
export function isRearranged(run: FoldedRun): boolean {
  let expected = 0;
  for (const number of run.cells()) {
    if (number < run.base.cells) {
      if (number !== expected) {
        return true;
      }
      expected += 1;
    } else if (!isEmptyPut(run, number)) {
      return true;
    }
  }
  return expected !== run.base.cells;
}

/** Whether a notebook's metadata are others than the file's, apart from what every start of a kernel writes. */
export function isEditedMetadata(file: unknown, metadata: Json | null): boolean {
  return metadata !== null && !jsonEqual(without(file, KERNEL_KEYS), without(metadata, KERNEL_KEYS));
}

function isEmptyPut(run: FoldedRun, number: number): boolean {
  const change = run.cell(number);
  const { source, outputs } = change instanceof PutCell ? change.json : {};
  return joinedText(source) === '' && (!Array.isArray(outputs) || outputs.length === 0);
}

function hasRun({ keptOutputs, appends, executionCount }: FileCell): boolean {
  return keptOutputs !== Infinity || appends.size > 0 || executionCount !== null;
}

function newSourceOf({ source }: FileCell, before: string, number: number): string | null {
  if (source === null) {
    return null;
  }
  const text = source.kind === 'whole' ? source.text : applyEdits(before, source.edits, number);
  return text === before ? null : text;
}

function isNewMetadata({ metadata, attachments }: FileCell, file: Json): boolean {
  return (
    attachments !== null ||
    (metadata !== null && !jsonEqual(without(file.metadata, RUN_KEYS), without(metadata, RUN_KEYS)))
  );
}

function outputsOf(file: Json, number: number, change: FileCell | null): Json[] {
  const before = Array.isArray(file.outputs) ? file.outputs.filter(isJson).map(textJoined) : [];
  if (change === null) {
    return before;
  }
  const { keptOutputs, newOutputs, appends } = change;
  if (keptOutputs !== Infinity && keptOutputs > before.length) {
    throw new JournalError('output-past-end', number);
  }
  const outputs = before.slice(0, keptOutputs);
  for (const [index, { at, text }] of appends) {
    outputs[index] = withText(outputs[index], at, text, number);
  }
  return [...outputs, ...newOutputs];
}

function textJoined(output: Json): Json {
  const text = output.output_type === 'stream' ? joinedText(output.text) : null;
  return text === null ? output : { ...output, text };
}

function without(value: unknown, keys: readonly string[]): Json {
  return isJson(value)
    ? Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)))
    : {};
}
