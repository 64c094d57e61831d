import { checkCell, checkText } from './check-cell.js';
import type { FoldedRun } from './fold-run.js';
import { jsonEqual, isJson } from './json.js';
import { JournalError } from './journal-error.js';
import { fileCell, fileNotebookMetadata } from './nbformat-cell.js';
import { lineBreak, nbformatJson } from './nbformat-json.js';
import { NotebookFile, type IUtf8 } from './notebook-file.js';
import {
  isRange,
  joined,
  replaced,
  sizeOf,
  type IReplacement,
  type Piece,
  type ReadRange
} from './pieces.js';
import { PutCell } from './put-cell.js';
import type { IByteRange, INotebookMap } from './scan-notebook.js';
import { spliceCell } from './splice-cell.js';

/** A new file, as pieces of the old one and new bytes, in order. */
export interface ISplice {
  readonly pieces: readonly Piece[];
  readonly sizeBytes: number;
  /** Cells that are not as in the file: changed, new or gone; one that only moved counts once. */
  readonly changedCells: number;
}

/** Notebooks before 4.5 have cells without ids (https://nbformat.readthedocs.io/en/latest/changelog.html). */
const MINOR_WITH_IDS = 5;
/** JupyterLab raises an older minor version to this one when it opens a notebook (`NotebookModel.fromJSON`). */
const LEAST_MINOR = 4;
const CELL_DEPTH = 2;

/**
 * The file with everything that a run says, so that nothing but what changed is held in memory. Of a file that nbformat
 * wrote it gives, byte for byte, what a save by JupyterLab would have written; but numbers such as 1.0 in what did not
 * change stay, where a page makes 1 of them. In a file of another layout, what did not change keeps it.
 *
 * Each changed cell is read back and compared. The caller should push what it writes through a `NotebookScanner`: that
 * checks the whole, and its map serves the next splice.
 *
 * @param read - the bytes of a range of the file that `map` was made of; one at a time, never more than
 *   `MAX_VALUE_BYTES`.
 * @throws JournalError where the records do not fit the file, SpliceError where the file is odd.
 */
export async function spliceNotebook(options: {
  readonly map: INotebookMap;
  readonly run: FoldedRun;
  readonly read: ReadRange;
  readonly utf8: IUtf8;
}): Promise<ISplice> {
  const { map, run, read, utf8 } = options;
  if (run.base.hash === null || run.base.cells !== map.cells.length) {
    throw new JournalError('other-file');
  }
  const file = new NotebookFile(read, utf8);
  const numbers = run.cells();
  const cells: Piece[][] = [];
  let changed = 0;
  let added = 0;
  for (const number of numbers) {
    const pieces = await cellPieces(options, file, number);
    cells.push(pieces);
    const place = map.cells[number];
    added += place ? 0 : 1;
    changed += place && !isAsInFile(pieces, place) ? 1 : 0;
  }
  const gone = map.cells.length - (numbers.length - added);
  const pieces = replaced(
    { from: 0, to: map.sizeBytes },
    [
      { ...map.list, by: listPieces(map, file, numbers, cells) },
      ...(await metadataReplacement(map, run, file)),
      ...minorReplacement(map, file)
    ].sort((one, other) => one.from - other.from)
  );
  return { pieces, sizeBytes: sizeOf(pieces), changedCells: changed + Math.max(added, gone) };
}

/** A notebook made of nothing but a run: for one that began without a file. @throws JournalError 'other-file'. */
export function writeNotebook(run: FoldedRun, utf8: IUtf8): Uint8Array {
  if (run.base.hash !== null) {
    throw new JournalError('other-file');
  }
  const cells = run.cells().map(number => {
    const cell = run.cell(number);
    if (!(cell instanceof PutCell)) {
      throw new JournalError('cell-missing', number);
    }
    return cell.json;
  });
  const withIds = cells.every(cell => typeof cell.id === 'string');
  return utf8.encode(
    `${nbformatJson(
      {
        cells: cells.map(cell => fileCell(cell, withIds)),
        metadata: fileNotebookMetadata(run.metadata ?? {}),
        nbformat: 4,
        nbformat_minor: withIds ? MINOR_WITH_IDS : LEAST_MINOR
      },
      0
    )}\n`
  );
}

async function cellPieces(
  { map, run, read, utf8 }: { map: INotebookMap; run: FoldedRun; read: ReadRange; utf8: IUtf8 },
  file: NotebookFile,
  number: number
): Promise<Piece[]> {
  const change = run.cell(number);
  const place = map.cells[number];
  if (change instanceof PutCell) {
    const written = fileCell(change.json, map.minor >= MINOR_WITH_IDS);
    const text = nbformatJson(written, CELL_DEPTH);
    checkText(text, written, number);
    return [file.encode(text)];
  }
  if (place === undefined) {
    throw new JournalError('cell-missing', number);
  }
  if (change === null) {
    return [place];
  }
  const pieces = await spliceCell(file, place, number, change);
  await checkCell({ read, utf8, number, change }, place, pieces);
  return pieces;
}

function isAsInFile(pieces: readonly Piece[], place: IByteRange): boolean {
  const [first, second] = pieces;
  return (
    first !== undefined &&
    second === undefined &&
    isRange(first) &&
    first.from === place.from &&
    first.to === place.to
  );
}

/** The list of cells: what stood between two cells of the file that still follow one another stays. */
function listPieces(
  map: INotebookMap,
  file: NotebookFile,
  numbers: readonly number[],
  cells: readonly Piece[][]
): Piece[] {
  if (cells.length === 0) {
    return [file.encode('[]')];
  }
  const first = map.cells[0];
  const last = map.cells.at(-1);
  const pieces: Piece[] = [
    first ? { from: map.list.from, to: first.from } : file.encode(`[${lineBreak(CELL_DEPTH)}`)
  ];
  cells.forEach((cell, index) => {
    const number = numbers[index] ?? 0;
    const before = numbers[index - 1];
    if (before !== undefined) {
      const end = map.cells[before];
      const begin = map.cells[number];
      pieces.push(
        end && begin && before + 1 === number
          ? { from: end.to, to: begin.from }
          : file.encode(`,${lineBreak(CELL_DEPTH)}`)
      );
    }
    pieces.push(...cell);
  });
  pieces.push(last ? { from: last.to, to: map.list.to } : file.encode(`${lineBreak(1)}]`));
  return joined(pieces);
}

async function metadataReplacement(
  map: INotebookMap,
  run: FoldedRun,
  file: NotebookFile
): Promise<IReplacement[]> {
  if (run.metadata === null) {
    return [];
  }
  const metadata = fileNotebookMetadata(run.metadata);
  const old = await file.value(map.metadata, null);
  return isJson(old) && jsonEqual(fileNotebookMetadata(old), metadata)
    ? []
    : [{ ...map.metadata, by: [file.encode(nbformatJson(metadata, 1))] }];
}

function minorReplacement(map: INotebookMap, file: NotebookFile): IReplacement[] {
  return map.minor < LEAST_MINOR ? [{ ...map.minorPlace, by: [file.encode(String(LEAST_MINOR))] }] : [];
}
