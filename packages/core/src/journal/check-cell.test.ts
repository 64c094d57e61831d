import type { JournalRecord } from '@labkeeper/protocol';
import { checkCell, checkText, WHOLE_CELL_BYTES } from './check-cell.js';
import { FileCell } from './file-cell.js';
import { readerOf, UTF8 } from './journal.test.data.js';
import { NotebookFile } from './notebook-file.js';
import type { Piece } from './pieces.js';
import { spliceCell } from './splice-cell.js';
import { fold } from './splice.test.data.js';

const record: JournalRecord = { t: 'src', c: 0, v: 'new' };

/** A cell with two outputs of so many bytes that cannot be told apart but by their place. */
async function splicedCell(
  outputBytes: number
): Promise<{ check: (pieces: Piece[]) => Promise<void>; pieces: Piece[] }> {
  const output = { output_type: 'stream', text: 'x'.repeat(outputBytes) };
  const file = Buffer.from(
    JSON.stringify({ cell_type: 'code', outputs: [output, output], source: 'old', x: 'y' })
  );
  const cell = { from: 0, to: file.length };
  const change = fold([{ t: 'base', hash: 'a'.repeat(64), cells: 1 }, record]).cell(0);
  if (!(change instanceof FileCell)) {
    throw new Error('The record changes the cell of the file.');
  }
  const read = readerOf(file);
  return {
    check: pieces => checkCell({ read, utf8: UTF8, number: 0, change }, cell, pieces),
    pieces: await spliceCell(new NotebookFile(read, UTF8), cell, 0, change)
  };
}

describe.each([
  ['read whole', 10],
  ['too large to be read', WHOLE_CELL_BYTES]
])('the check of a cell that is %s', (_, outputBytes) => {
  it('passes what was spliced', async () => {
    const { check, pieces } = await splicedCell(outputBytes);
    await expect(check(pieces)).resolves.toBeUndefined();
  });

  it.each([
    ['lacks its end', (pieces: Piece[]) => pieces.slice(0, -1)],
    ['has another source', ([head, _new, ...rest]: Piece[]) => [head, UTF8.encode('"old"'), ...rest]],
    [
      'has one byte too few before what is new',
      ([head, ...rest]: Piece[]) => [{ from: 0, to: sizeOf(head) - 1 }, ...rest]
    ],
    ['has one byte too many', ([head, ...rest]: Piece[]) => [head, UTF8.encode(' 1 '), ...rest]],
    [
      'has lost an output',
      ([head, ...rest]: Piece[]) => [
        { from: 0, to: 33 },
        { from: 33 + (sizeOf(head) - 33 + 1) / 2, to: sizeOf(head) },
        ...rest
      ]
    ]
  ])('stops one that %s', async (_what, broken) => {
    const { check, pieces } = await splicedCell(outputBytes);
    const wrong = broken(pieces).filter(piece => piece !== undefined);
    await expect(check(wrong)).rejects.toMatchObject({ name: 'SpliceError', cell: 0 });
  });
});

describe('the check of a cell that was written whole', () => {
  it.each(['', '[]', '{"source":["b"]}', '{"source":["a"],"x":1}', '{"source":["a"]'])('stops %j', text => {
    expect(() => checkText(text, { source: 'a' }, 5)).toThrow(
      expect.objectContaining({ problem: 'check-failed', cell: 5 })
    );
  });

  it('passes text in lines', () => {
    expect(() => checkText('{"source":["a\\n","b"]}', { source: 'a\nb' }, 5)).not.toThrow();
  });
});

function sizeOf(piece: Piece | undefined): number {
  return piece === undefined ? 0 : 'to' in piece ? piece.to - piece.from : piece.length;
}
