import type { FileCell, IAppend } from './file-cell.js';
import { joinedText } from './json.js';
import { JournalError } from './journal-error.js';
import { fileOutput, fileText } from './nbformat-cell.js';
import { lineBreak, nbformatJson } from './nbformat-json.js';
import type { IMember, NotebookFile } from './notebook-file.js';
import { ObjectFields } from './object-fields.js';
import type { IReplacement } from './pieces.js';
import type { IByteRange } from './scan-notebook.js';
import { SpliceError } from './splice-error.js';

/** Depth of an output in a notebook, and of its fields. */
const OUTPUT_DEPTH = 4;
const OUTPUT_FIELD_DEPTH = 5;

/** What changes in a code cell's outputs: those that stay are not read. @throws JournalError, SpliceError. */
export async function spliceOutputs(fields: ObjectFields, change: FileCell): Promise<IReplacement[]> {
  const { cell } = fields;
  const list = fields.find('outputs');
  if (list !== null && list.kind !== 'array') {
    throw new SpliceError('odd-field', cell);
  }
  const items = list?.items ?? [];
  if (change.keptOutputs !== Infinity && change.keptOutputs > items.length) {
    throw new JournalError('output-past-end', cell);
  }
  const grown: IReplacement[] = [];
  for (const [index, append] of [...change.appends].sort(([one], [other]) => one - other)) {
    grown.push(await grow(fields, items[index], append));
  }
  const newOutputs = change.newOutputs.map(fileOutput);
  const kept = Math.min(change.keptOutputs, items.length);
  if (list !== null && kept === items.length && newOutputs.length === 0) {
    return grown;
  }
  const fromKept = list === null ? null : replaceItems(fields.file, list, kept, newOutputs);
  return fromKept === null ? fields.set('outputs', newOutputs) : [...grown, fromKept];
}

/** The items from `kept` on give way; null = nothing of the list would be left, or there was nothing in it. */
function replaceItems(
  file: NotebookFile,
  { items }: IMember,
  kept: number,
  outputs: readonly unknown[]
): IReplacement | null {
  const [first] = items;
  const last = items.at(-1);
  if (first === undefined || last === undefined || (kept === 0 && outputs.length === 0)) {
    return null;
  }
  const texts = outputs.map(output => nbformatJson(output, OUTPUT_DEPTH));
  const separator = `,${lineBreak(OUTPUT_DEPTH)}`;
  const before = items[kept - 1];
  return before === undefined
    ? { from: first.from, to: last.to, by: [file.encode(texts.join(separator))] }
    : { from: before.to, to: last.to, by: [file.encode(texts.map(text => separator + text).join(''))] };
}

/** The text of a stream output of the file goes on. */
async function grow(
  { file, cell }: ObjectFields,
  item: IByteRange | undefined,
  append: IAppend
): Promise<IReplacement> {
  if (item === undefined) {
    throw new JournalError('output-past-end', cell);
  }
  const output = await ObjectFields.of(item, { file, cell, depth: OUTPUT_FIELD_DEPTH, list: null });
  const place = output.find('text');
  if (place === null || (await output.value('output_type')) !== 'stream') {
    throw new JournalError('not-a-stream', cell);
  }
  const text = joinedText(await output.value('text'));
  if (text === null) {
    throw new SpliceError('odd-field', cell);
  }
  if (append.at > text.length) {
    throw new JournalError('append-past-end', cell);
  }
  const lines = fileText(text.slice(0, append.at) + append.text);
  return {
    from: place.from,
    to: place.to,
    by: [file.encode(nbformatJson(lines, OUTPUT_FIELD_DEPTH))]
  };
}
