import { YFile, YNotebook } from '@jupyter/ydoc';
import type { Choice, NotebookCell } from '@labkeeper/core';
import fc from 'fast-check';
import { applyToNotebook, applyToText } from '../src/compare/apply-choices.js';
import { carriedChoices, compare, differencesOf, METADATA } from '../src/compare/comparison.js';
import { notebookVersion, type Version } from '../src/compare/version.js';

const code = (id: string, source: string, more: NotebookCell = {}): NotebookCell => ({
  id,
  cell_type: 'code',
  source,
  metadata: {},
  outputs: [],
  execution_count: null,
  ...more
});

function notebookOf(cells: readonly NotebookCell[], metadata: Record<string, unknown> = {}): YNotebook {
  const notebook = YNotebook.create();
  notebook.fromJSON(JSON.parse(JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 })));
  return notebook;
}

const versionOf = (notebook: YNotebook): Version => {
  const version = notebookVersion(notebook.toJSON());
  if (!version) throw new Error('no notebook');
  return version;
};

/** Lets a notebook become what is chosen between it and another version. */
function merge(
  notebook: YNotebook,
  other: readonly NotebookCell[],
  choose: (at: number) => Choice,
  metadata = {}
): void {
  const comparison = compare(versionOf(notebook), { kind: 'notebook', cells: other, metadata });
  if (comparison?.kind !== 'notebook') throw new Error('no notebooks');
  applyToNotebook(notebook, comparison, new Map(differencesOf(comparison).map(at => [at, choose(at)])));
}

const sources = (notebook: YNotebook) => notebook.cells.map(cell => cell.getSource());

// Yjs warns of each text that ydoc reads before it is part of a document.
beforeAll(() => void jest.spyOn(console, 'warn').mockImplementation(() => undefined));
afterAll(() => jest.restoreAllMocks());

describe('a notebook becomes what was chosen', () => {
  const mine = [code('a', 'a'), code('b', 'b mine'), code('c', 'c'), code('d', 'only mine')];
  const theirs = [code('a', 'a'), code('b', 'b theirs'), code('e', 'only theirs'), code('c', 'c')];

  it.each<[Choice, string[]]>([
    ['left', ['a', 'b mine', 'c', 'only mine']],
    ['right', ['a', 'b theirs', 'only theirs', 'c']],
    ['both', ['a', 'b mine', 'b theirs', 'only theirs', 'c', 'only mine']]
  ])('%s', (choice, expected) => {
    const notebook = notebookOf(mine);
    merge(notebook, theirs, () => choice);
    expect(sources(notebook)).toEqual(expected);
    const ids = notebook.cells.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('with everything that a cell has', () => {
    const cell = code('b', 'x', {
      metadata: { tags: ['t'] },
      execution_count: 7,
      outputs: [{ output_type: 'stream', name: 'stdout', text: 'out\n' }]
    });
    const picture = {
      id: 'm',
      cell_type: 'markdown',
      source: '![p](attachment:p.png)',
      metadata: {},
      attachments: { 'p.png': { 'image/png': 'AA==' } }
    };
    const notebook = notebookOf([code('b', 'y')]);
    merge(notebook, [cell, picture], () => 'right');
    expect(notebook.toJSON().cells).toEqual([cell, picture]);
  });

  it('in one step, which can be undone', () => {
    const notebook = notebookOf(mine);
    notebook.undoManager.clear();
    merge(notebook, theirs, () => 'both');
    notebook.undoManager.undo();
    expect(sources(notebook)).toEqual(['a', 'b mine', 'c', 'only mine']);
    expect(notebook.undoManager.canUndo()).toBe(false);
  });

  it('and cells that stay are not touched', () => {
    const notebook = notebookOf(mine);
    const [first] = notebook.cells;
    merge(notebook, theirs, () => 'right');
    expect(notebook.cells[0]).toBe(first);
  });

  it('its settings too, but for what the kernel writes', () => {
    const notebook = notebookOf(mine, { language_info: { name: 'python', version: '3.14' }, title: 'mine' });
    merge(notebook, mine, at => (at === METADATA ? 'right' : 'left'), { title: 'theirs' });
    expect(notebook.getMetadata()).toEqual({
      language_info: { name: 'python', version: '3.14' },
      title: 'theirs'
    });
  });

  it('whatever the versions are: all of one side is that side', () => {
    const cells = fc.array(
      fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), source: fc.constantFrom('', 'x', 'y', 'x y') }),
      {
        maxLength: 7
      }
    );
    const made = (list: readonly { id: string; source: string }[]) =>
      list.map(({ id, source }) => code(id, source));
    fc.assert(
      fc.property(cells, cells, (left, right) => {
        for (const side of ['left', 'right'] as const) {
          const notebook = notebookOf(made(left));
          merge(notebook, made(right), () => side);
          expect(sources(notebook)).toEqual((side === 'left' ? left : right).map(({ source }) => source));
        }
      }),
      { numRuns: 60 }
    );
  });
});

describe('a text becomes what was chosen', () => {
  const merged = (left: string, right: string, choice: Choice): string => {
    const file = new YFile();
    file.setSource(left);
    const comparison = compare({ kind: 'text', text: left }, { kind: 'text', text: right });
    if (comparison?.kind !== 'text') throw new Error('no texts');
    applyToText(file, comparison.rows, new Map(differencesOf(comparison).map(at => [at, choice])));
    return file.source;
  };

  it('one side, or the lines of both', () => {
    expect(merged('a\nb\nc\n', 'a\nx\nc\ny', 'left')).toBe('a\nb\nc\n');
    expect(merged('a\nb\nc\n', 'a\nx\nc\ny', 'right')).toBe('a\nx\nc\ny');
    expect(merged('a\nb\nc\n', 'a\nx\nc\ny', 'both')).toBe('a\nb\nx\nc\ny');
    // The last line of one side without a line end does not run into the first of the other.
    expect(merged('a', 'b', 'both')).toBe('a\nb');
  });
});

it('what was decided holds for differences that are what they were', () => {
  const other: Version = {
    kind: 'notebook',
    cells: [code('a', 'A'), code('b', 'B'), code('c', 'c')],
    metadata: {}
  };
  const before = compare(
    { kind: 'notebook', cells: [code('a', 'a'), code('b', 'b'), code('c', 'c')], metadata: {} },
    other
  );
  const now = compare(
    {
      kind: 'notebook',
      cells: [code('new', 'zzz'), code('a', 'a'), code('b', 'b edited'), code('c', 'c')],
      metadata: {}
    },
    other
  );
  if (!before || !now) throw new Error('no notebooks');
  const carried = carriedChoices(
    before,
    new Map([
      [0, 'right'],
      [1, 'both']
    ] as const),
    now
  );
  expect([...carried]).toEqual([[1, 'right']]);
});
