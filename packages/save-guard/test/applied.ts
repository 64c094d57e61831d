import { applyText, FoldedRun, isRange, NotebookScanner, spliceNotebook } from '@labkeeper/core';
import type { JournalRecord } from '@labkeeper/protocol';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What recovery makes of a notebook's file and the records of a run. */
export async function appliedNotebook(file: string, records: readonly JournalRecord[]): Promise<unknown> {
  const run = folded('notebook', records);
  const bytes = encoder.encode(file);
  const scanner = new NotebookScanner();
  scanner.push(bytes);
  const scanned = scanner.end();
  if (scanned.kind !== 'map') {
    throw new Error(JSON.stringify(scanned));
  }
  const { pieces } = await spliceNotebook({
    map: scanned.map,
    run,
    read: ({ from, to }) => Promise.resolve(bytes.slice(from, to)),
    utf8: { encode: text => encoder.encode(text), decode: part => decoder.decode(part) }
  });
  return JSON.parse(
    pieces.map(piece => decoder.decode(isRange(piece) ? bytes.slice(piece.from, piece.to) : piece)).join('')
  );
}

/** What recovery makes of a text file and the records of a run. */
export function appliedText(file: string, records: readonly JournalRecord[]): string {
  return applyText(file, folded('text', records));
}

function folded(kind: 'notebook' | 'text', records: readonly JournalRecord[]): FoldedRun {
  const run = new FoldedRun(kind);
  // As they come from the wire.
  records.forEach(record => run.add(JSON.parse(JSON.stringify(record)) as JournalRecord));
  return run;
}
