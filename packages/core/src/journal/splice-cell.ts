import type { FileCell } from './file-cell.js';
import { isJson, joinedText, jsonEqual, type Json } from './json.js';
import { JournalError } from './journal-error.js';
import { fileAttachments, fileCellMetadata, fileText } from './nbformat-cell.js';
import type { NotebookFile } from './notebook-file.js';
import { ObjectFields } from './object-fields.js';
import { replaced, type IReplacement, type Piece } from './pieces.js';
import type { IByteRange } from './scan-notebook.js';
import { SpliceError } from './splice-error.js';
import { spliceOutputs } from './splice-outputs.js';
import { applyEdits } from './text-edit.js';

/** Depth of a cell's fields in a notebook. */
const FIELD_DEPTH = 3;

/**
 * A cell of the file with what changed in it, as pieces: every other byte stays. A field whose new value is what the
 * file says already is left alone, with numbers such as 1.0 that a page cannot tell from 1.
 *
 * @throws JournalError where the records do not fit the cell, SpliceError where the cell is odd.
 */
export async function spliceCell(
  file: NotebookFile,
  place: IByteRange,
  cell: number,
  change: FileCell
): Promise<Piece[]> {
  const fields = await ObjectFields.of(place, { file, cell, depth: FIELD_DEPTH, list: 'outputs' });
  const newOutputs = change.keptOutputs !== Infinity || change.appends.size > 0;
  const ran = newOutputs || change.executionCount !== null;
  if (ran && (await fields.value('cell_type')) !== 'code') {
    throw new JournalError('wrong-kind', cell);
  }
  // In the order of keys, so that two new fields at one place come in it.
  const replacements = [
    ...(await attachments(fields, change)),
    ...(change.executionCount === null ? [] : fields.set('execution_count', change.executionCount.count)),
    ...(await setUnlessEqual(fields, 'metadata', change.metadata, fileCellMetadata)),
    ...(newOutputs ? await spliceOutputs(fields, change) : []),
    ...(await source(fields, change))
  ];
  return replaced(
    place,
    replacements.sort((one, other) => one.from - other.from)
  );
}

async function attachments(fields: ObjectFields, change: FileCell): Promise<IReplacement[]> {
  return change.attachments?.attachments === null
    ? fields.remove('attachments')
    : setUnlessEqual(fields, 'attachments', change.attachments?.attachments ?? null, fileAttachments);
}

async function source(fields: ObjectFields, { source: change }: FileCell): Promise<IReplacement[]> {
  if (change === null) {
    return [];
  }
  const old = (await fields.value('source')) ?? '';
  const before = joinedText(old);
  if (before === null) {
    throw new SpliceError('odd-field', fields.cell);
  }
  const text = change.kind === 'whole' ? change.text : applyEdits(before, change.edits, fields.cell);
  return text === before && fields.find('source') !== null ? [] : fields.set('source', fileText(text));
}

/** @param written - how the value is written to files. */
async function setUnlessEqual(
  fields: ObjectFields,
  key: string,
  value: Json | null,
  written: (value: Json) => Json
): Promise<IReplacement[]> {
  if (value === null) {
    return [];
  }
  const old = await fields.value(key);
  return isJson(old) && jsonEqual(written(old), written(value)) ? [] : fields.set(key, written(value));
}
