import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalRecord } from '@labkeeper/protocol';
import { leftOutputs, type ILeftCell, type LeftEnd } from '../../src/recovery/left-outputs.js';
import { base, code, notebookText, printed, runOf, sha256, typed } from './notebooks.js';

const FILE = notebookText(
  [code('a', { id: 'x' }), code('b', { id: 'y', outputs: [printed('old\n')] })],
  {},
  5
);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labkeeper-left-'));
  writeFileSync(join(folder, 'a.ipynb'), FILE);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function told(
  batches: readonly (readonly JournalRecord[])[],
  asked: readonly number[] = []
): Promise<{ cells: ILeftCell[]; end: LeftEnd }> {
  const cells: ILeftCell[] = [];
  const end = await leftOutputs(runOf('a.ipynb', batches), folder, asked, cell => {
    cells.push(cell);
    return Promise.resolve();
  });
  return { cells, end };
}

const all = { kind: 'told', hash: sha256(FILE), rest: false, again: false };

describe('outputs that a run left', () => {
  it('are told with the place, the id and the source that the file has', async () => {
    const { cells, end } = await told([
      [base(FILE, 2), { t: 'out', c: 1, from: 1, v: [printed('new\n')] }],
      [{ t: 'exec', c: 1, v: 7 }]
    ]);
    const outputs = [printed('old\n'), printed('new\n')];
    expect(cells).toEqual([
      { c: 1, id: 'y', source: 'b', newSource: null, outputs, executionCount: 7, asked: null }
    ]);
    expect(end).toEqual(all);
  });

  it('are told of cells that still run, also where nothing came yet', async () => {
    const { cells, end } = await told([[base(FILE, 2)]], [1]);
    expect(cells).toMatchObject([{ c: 1, asked: 1, outputs: [printed('old\n')] }]);
    expect(end).toEqual(all);
  });

  it('are told apart from other work', async () => {
    const { cells, end } = await told([
      [base(FILE, 2), typed(0, 'a', 1, '!')],
      [{ t: 'out', c: 1, from: 0, v: [printed('new\n')] }]
    ]);
    expect(cells.map(({ c }) => c)).toEqual([1]);
    expect(end).toEqual({ ...all, rest: true });
  });

  it('come with the code that ran', async () => {
    const { cells, end } = await told([
      [base(FILE, 2), typed(0, 'a', 1, '!'), { t: 'out', c: 0, from: 0, v: [printed('new\n')] }]
    ]);
    expect(cells).toMatchObject([{ c: 0, source: 'a', newSource: 'a!', outputs: [printed('new\n')] }]);
    expect(end).toEqual(all);
  });

  it('have the places of the file also where that was saved in the middle of the run', async () => {
    // Saved with a new cell before the others, and the journal heard nothing of it.
    const saved = notebookText(
      [code('new', { id: 'n' }), code('a', { id: 'x' }), code('b', { id: 'y', outputs: [printed('old\n')] })],
      {},
      5
    );
    writeFileSync(join(folder, 'a.ipynb'), saved);
    const { cells, end } = await told(
      [
        [
          base(FILE, 2),
          { t: 'put', c: 2, cell: code('new', { id: 'n' }) },
          { t: 'order', n: 2, at: 0, del: 0, cells: [2] }
        ],
        [{ t: 'out', c: 1, from: 0, v: [printed('new\n')] }]
      ],
      [1]
    );
    expect(cells).toMatchObject([{ c: 2, asked: 1, id: 'y', outputs: [printed('new\n')] }]);
    expect(end).toEqual({ ...all, hash: sha256(saved) });
  });

  it('are told of a file that has all of it already, where a cell still runs', async () => {
    const saved = notebookText(
      [code('a', { id: 'x' }), code('c', { id: 'y', outputs: [printed('old\n')] })],
      {},
      5
    );
    writeFileSync(join(folder, 'a.ipynb'), saved);
    const { cells, end } = await told([[base(FILE, 2), { t: 'src', c: 1, v: 'c' }]], [1]);
    expect(cells).toMatchObject([{ c: 1, asked: 1, source: 'c' }]);
    expect(end).toEqual({ ...all, hash: sha256(saved) });
  });

  it('of a file that is another one, or none, cannot be told', async () => {
    const records: JournalRecord[] = [base(FILE, 2), { t: 'out', c: 1, from: 0, v: [] }];
    writeFileSync(join(folder, 'a.ipynb'), notebookText([code('other')]));
    expect((await told([records])).end.kind).toBe('unknown');
    rmSync(join(folder, 'a.ipynb'));
    expect((await told([records])).end.kind).toBe('unknown');
  });
});
