import type { JournalRecord } from '@labkeeper/protocol';
import { FoldedRun } from './fold-run.js';
import { readerOf, UTF8 } from './journal.test.data.js';
import type { Json } from './json.js';
import { fileCellMetadata, fileNotebookMetadata, readCell } from './nbformat-cell.js';
import { isRange, type Piece } from './pieces.js';
import { NotebookScanner, type INotebookMap, type NotebookScan } from './scan-notebook.js';
import { spliceNotebook, type ISplice } from './splice-notebook.js';

/** Scans bytes in chunks of so many. */
export function scan(bytes: Uint8Array, chunkBytes = bytes.length || 1): NotebookScan {
  const scanner = new NotebookScanner();
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    scanner.push(bytes.subarray(at, at + chunkBytes));
  }
  return scanner.end();
}

/** The map of a file that has one. */
export function mapOf(bytes: Uint8Array): INotebookMap {
  const found = scan(bytes);
  if (found.kind === 'doubt') {
    throw new Error(`No map: ${found.reason} at ${found.atByte}.`);
  }
  return found.map;
}

export function fold(records: readonly JournalRecord[]): FoldedRun {
  const run = new FoldedRun('notebook');
  records.forEach(record => run.add(record));
  return run;
}

/** The bytes that pieces make of a file. */
export function assembled(pieces: readonly Piece[], file: Uint8Array): Buffer {
  return Buffer.concat(pieces.map(piece => (isRange(piece) ? file.subarray(piece.from, piece.to) : piece)));
}

/** Splices a run into a file. */
export async function splice(
  file: Uint8Array,
  records: readonly JournalRecord[]
): Promise<ISplice & { readonly bytes: Buffer }> {
  const result = await spliceNotebook({
    map: mapOf(file),
    run: fold(records),
    read: readerOf(file),
    utf8: UTF8
  });
  const bytes = assembled(result.pieces, file);
  expect(bytes).toHaveLength(result.sizeBytes);
  return { ...result, bytes };
}

/** What a page would get of a notebook file. */
export function pageView(notebook: Json): Json {
  const cells: Json[] = Array.isArray(notebook.cells) ? notebook.cells : [];
  const metadata: Json = JSON.parse(JSON.stringify(notebook.metadata));
  return {
    ...notebook,
    metadata: fileNotebookMetadata(metadata),
    cells: cells.map(cell => {
      const read = readCell(cell);
      const own: Json = JSON.parse(JSON.stringify(read.metadata));
      return { ...read, metadata: fileCellMetadata(own) };
    })
  };
}

export function parsed(bytes: Uint8Array): Json {
  const value: Json = JSON.parse(UTF8.decode(bytes));
  return value;
}
