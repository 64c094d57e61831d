import type { FileCell } from './file-cell.js';
import { applyField } from './folded-cell.js';
import { isJson, jsonEqual, type Json } from './json.js';
import { fileCellMetadata, readCell } from './nbformat-cell.js';
import { NotebookFile, type IUtf8 } from './notebook-file.js';
import { isRange, reader, replaced, sizeOf, type Piece, type ReadRange } from './pieces.js';
import { PutCell } from './put-cell.js';
import type { IByteRange } from './scan-notebook.js';
import { SpliceError } from './splice-error.js';

/** Cells up to this size are read whole for the check, in bytes. */
export const WHOLE_CELL_BYTES = 1024 * 1024;

/**
 * Makes sure that a spliced cell reads as it should: the old cell is read, the records are applied to it as plain
 * JSON, and the new text must give the same. In a cell that is too large to read, each output that was copied stands
 * for the place it was copied from; the scanner has still seen that the whole of it is JSON.
 *
 * @throws SpliceError 'check-failed', or as `NotebookFile` does; JournalError where a record does not fit.
 */
export async function checkCell(
  options: {
    readonly read: ReadRange;
    readonly utf8: IUtf8;
    readonly number: number;
    readonly change: FileCell;
  },
  cell: IByteRange,
  pieces: readonly Piece[]
): Promise<void> {
  const { read, utf8, number, change } = options;
  const whole = Math.max(cell.to - cell.from, sizeOf(pieces)) <= WHOLE_CELL_BYTES;
  const readNew = reader(pieces, read);
  const newCell = { from: 0, to: sizeOf(pieces) };
  const grown = change.appends;
  const before = await readShort(read, utf8, cell, number, (index, item) =>
    whole || grown.has(index) ? null : item
  );
  const after = await readShort(readNew, utf8, newCell, number, (index, item) =>
    whole || grown.has(index) ? null : origin(pieces, item)
  );
  const intended = new PutCell(number, before);
  for (const record of change.records()) {
    applyField(intended, record);
  }
  if (!jsonEqual(comparable(intended.json), comparable(after))) {
    throw new SpliceError('check-failed', number);
  }
}

/** Makes sure that a cell that was written whole reads as it should. @throws SpliceError 'check-failed'. */
export function checkText(text: string, cell: Json, number: number): void {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    // What does not parse is no cell: told below.
    written = null;
  }
  if (!isJson(written) || !jsonEqual(comparable(written), comparable(cell))) {
    throw new SpliceError('check-failed', number);
  }
}

/** A cell in which some outputs are the places where they come from instead. */
async function readShort(
  read: ReadRange,
  utf8: IUtf8,
  cell: IByteRange,
  number: number,
  place: (index: number, item: IByteRange) => IByteRange | null
): Promise<Json> {
  const file = new NotebookFile(read, utf8);
  const members = await file.members(cell, 'outputs', number);
  const items = members.find(({ key }) => key === 'outputs')?.items ?? [];
  const short = items.flatMap((item, index) => {
    const from = place(index, item);
    return from ? [{ ...item, by: [utf8.encode(JSON.stringify({ from: from.from, to: from.to }))] }] : [];
  });
  const pieces = replaced(cell, short);
  const value = await new NotebookFile(reader(pieces, read), utf8).value(
    { from: 0, to: sizeOf(pieces) },
    number
  );
  if (!isJson(value)) {
    throw new SpliceError('check-failed', number);
  }
  return value;
}

/** Where in the old file bytes of the new cell come from; null = not from one place. */
function origin(pieces: readonly Piece[], { from, to }: IByteRange): IByteRange | null {
  let begin = 0;
  for (const piece of pieces) {
    const end = begin + sizeOf([piece]);
    if (isRange(piece) && begin <= from && to <= end) {
      return { from: piece.from + from - begin, to: piece.from + to - begin };
    }
    begin = end;
  }
  return null;
}

function comparable(cell: Json): Json {
  const read = readCell(cell);
  return isJson(read.metadata) ? { ...read, metadata: fileCellMetadata(read.metadata) } : read;
}
