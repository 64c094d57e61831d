import { YNotebook } from '@jupyter/ydoc';
import type * as nbformat from '@jupyterlab/nbformat';
import type { JournalRecord } from '@labkeeper/protocol';
import fc from 'fast-check';
import { NotebookObserver } from '../src/observe/notebook-observer.js';
import { appliedNotebook } from './applied.js';

const HASH = 'a'.repeat(64);

function notebook(cells: number, minor = 5): nbformat.INotebookContent {
  return {
    nbformat: 4,
    nbformat_minor: minor,
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3' } },
    cells: Array.from({ length: cells }, (_, index) => ({
      ...(minor >= 5 ? { id: `cell-${index}` } : {}),
      cell_type: index % 3 === 2 ? 'markdown' : 'code',
      source: `line one of ${index}\nline two`,
      metadata: index % 2 ? { tags: ['t'] } : {},
      ...(index % 3 === 2 ? {} : { execution_count: null, outputs: [] })
    })) as nbformat.ICell[]
  };
}

/** A page with a notebook and the journal of what happens in it. */
class Page {
  constructor(content: nbformat.INotebookContent) {
    this.file = JSON.stringify(content);
    this.shared.fromJSON(content);
    this.observer = new NotebookObserver(this.shared);
    this.observer.changed.connect(() => (this.signals += 1));
    this.pending = this.observer.since();
    this.base = this.observer.since();
    this.numbering = this.observer.numbering(this.base);
    this.records.push({ t: 'base', hash: HASH, cells: this.numbering.base });
  }

  flush(): JournalRecord[] {
    const records = this.observer.records(this.pending, this.numbering);
    this.pending.dispose();
    this.pending = this.observer.since();
    this.records.push(...records);
    return records;
  }

  /** What the page would save. */
  get saved(): unknown {
    const content = this.shared.toJSON();
    for (const cell of content.cells) {
      delete cell.metadata['trusted'];
      if (this.shared.nbformat_minor < 5) {
        delete cell['id'];
      }
    }
    return JSON.parse(JSON.stringify(content));
  }

  async recovered(): Promise<unknown> {
    return joinLines(await appliedNotebook(this.file, this.records));
  }

  /** What a run that begins only now says about everything since the file. */
  async recoveredAtOnce(): Promise<unknown> {
    const numbering = this.observer.numbering(this.base);
    const records = this.observer.records(this.base, numbering);
    return joinLines(
      await appliedNotebook(this.file, [{ t: 'base', hash: HASH, cells: numbering.base }, ...records])
    );
  }

  readonly shared = new YNotebook();
  readonly observer: NotebookObserver;
  readonly records: JournalRecord[] = [];
  readonly file: string;
  signals = 0;
  private pending;
  readonly base;
  private readonly numbering;
}

/** Files hold lists of lines where the page has texts. */
function joinLines(content: unknown): unknown {
  return JSON.parse(JSON.stringify(content), (key, value: unknown) =>
    Array.isArray(value) && (key === 'source' || key === 'text') ? value.join('') : value
  );
}

const print = (text: string): nbformat.IOutput => ({ output_type: 'stream', name: 'stdout', text });

describe('NotebookObserver', () => {
  // Yjs warns of each text that ydoc reads before it is part of a document.
  beforeAll(() => void jest.spyOn(console, 'warn').mockImplementation(() => undefined));
  afterAll(() => jest.restoreAllMocks());

  it('has nothing to say about a notebook that was only opened', () => {
    const page = new Page(notebook(3));
    expect(page.flush()).toEqual([]);
    expect(page.signals).toBe(0);
  });

  it('says keys as one short splice, however many there were', () => {
    const page = new Page(notebook(3));
    const cell = page.shared.getCell(1);
    [...'typed'].forEach((letter, index) => cell.updateSource(4 + index, 4 + index, letter));
    expect(page.flush()).toEqual([{ t: 'edit', c: 1, at: 4, ins: 'typed', sum: expect.any(Number) }]);
  });

  it('sees outputs of the page’s own runs, and says what a stream grew by', async () => {
    const page = new Page(notebook(2));
    const cell = page.shared.getCell(0);
    if (cell.cell_type !== 'code') {
      throw new Error('a code cell is expected');
    }
    cell.setOutputs([print('one\n')]);
    page.flush();
    cell.appendStreamOutput(0, 'two\n', 'silent-change');
    cell.appendStreamOutput(0, 'three\n', 'silent-change');
    expect(page.flush()).toEqual([{ t: 'app', c: 0, i: 0, at: 4, v: 'two\nthree\n' }]);
    cell.execution_count = 7;
    expect(page.flush()).toEqual([{ t: 'exec', c: 0, v: 7 }]);
    expect(await page.recovered()).toEqual(page.saved);
  });

  it('gives a moved cell a new number, and the list its order', async () => {
    const page = new Page(notebook(4));
    page.shared.moveCell(0, 2);
    const records = page.flush();
    expect(records).toMatchObject([
      { t: 'put', c: 4 },
      { t: 'order', n: 4, at: 0, del: 3, cells: [1, 2, 4] }
    ]);
    expect(await page.recovered()).toEqual(page.saved);
  });

  it('takes what only the page or the kernel says of itself for no change', () => {
    const page = new Page(notebook(1));
    const cell = page.shared.getCell(0);
    cell.setMetadata('trusted', true);
    page.shared.setMetadata('language_info', { name: 'python' });
    expect(page.signals).toBe(0);
    expect(page.base.isEmpty).toBe(true);
    // It goes along with the next one.
    cell.updateSource(0, 0, '#');
    expect(page.flush().map(record => record.t)).toEqual(['edit', 'nb']);
  });

  it('leaves out the ids that the page gave to cells of an older notebook', async () => {
    const page = new Page(notebook(2, 4));
    page.shared.insertCell(1, { cell_type: 'code', source: 'new' });
    page.flush();
    expect(await page.recovered()).toEqual(page.saved);
  });

  it('says the whole notebook where there is no file to begin with', () => {
    const page = new Page(notebook(3));
    const { records, numbering } = page.observer.whole();
    expect(numbering.base).toBe(0);
    expect(records.map(record => record.t)).toEqual(['put', 'put', 'put', 'order', 'nb']);
  });

  it('tells everything that happens, in pieces or at once: file and journal make what the page would save', async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('type' as const), cell: fc.nat(), at: fc.nat(), text: fc.string() }),
        fc.record({ do: fc.constant('cut' as const), cell: fc.nat(), at: fc.nat(), length: fc.nat(9) }),
        fc.record({ do: fc.constant('insert' as const), cell: fc.nat(), kind: fc.boolean() }),
        fc.record({ do: fc.constant('delete' as const), cell: fc.nat() }),
        fc.record({ do: fc.constant('move' as const), cell: fc.nat(), to: fc.nat() }),
        fc.record({ do: fc.constant('print' as const), cell: fc.nat(), text: fc.string({ minLength: 1 }) }),
        fc.record({ do: fc.constant('show' as const), cell: fc.nat(), value: fc.string() }),
        fc.record({ do: fc.constant('clear' as const), cell: fc.nat() }),
        fc.record({
          do: fc.constant('count' as const),
          cell: fc.nat(),
          count: fc.integer({ min: 1, max: 99 })
        }),
        fc.record({ do: fc.constant('tag' as const), cell: fc.nat(), tag: fc.string() }),
        fc.record({ do: fc.constant('title' as const), title: fc.string() }),
        fc.constant({ do: 'undo' as const }),
        fc.constant({ do: 'flush' as const })
      ),
      { maxLength: 40 }
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(4, 5),
        steps,
        async (cells, minor, script) => {
          const page = new Page(notebook(cells, minor));
          script.forEach(step => act(page, step));
          page.flush();
          expect(await page.recovered()).toEqual(page.saved);
          expect(await page.recoveredAtOnce()).toEqual(page.saved);
        }
      ),
      { numRuns: 150 }
    );
  });
});

type Step =
  | { do: 'type'; cell: number; at: number; text: string }
  | { do: 'cut'; cell: number; at: number; length: number }
  | { do: 'insert'; cell: number; kind: boolean }
  | { do: 'delete' | 'clear'; cell: number }
  | { do: 'move'; cell: number; to: number }
  | { do: 'print'; cell: number; text: string }
  | { do: 'show'; cell: number; value: string }
  | { do: 'count'; cell: number; count: number }
  | { do: 'tag'; cell: number; tag: string }
  | { do: 'title'; title: string }
  | { do: 'undo' | 'flush' };

function act(page: Page, step: Step): void {
  const { shared } = page;
  if (step.do === 'flush') {
    page.flush();
    return;
  }
  if (step.do === 'undo') {
    shared.undo();
    return;
  }
  if (step.do === 'title') {
    shared.setMetadata('title', step.title);
    return;
  }
  const count = shared.cells.length;
  const index = count === 0 || !('cell' in step) ? 0 : step.cell % count;
  if (step.do === 'insert') {
    shared.insertCell(index, { cell_type: step.kind ? 'code' : 'markdown', source: 'inserted' });
    return;
  }
  if (count === 0) {
    return;
  }
  const cell = shared.getCell(index);
  const length = cell.source.length;
  switch (step.do) {
    case 'type':
      cell.updateSource(step.at % (length + 1), step.at % (length + 1), step.text);
      break;
    case 'cut':
      cell.updateSource(step.at % (length + 1), Math.min(length, (step.at % (length + 1)) + step.length), '');
      break;
    case 'delete':
      shared.deleteCell(index);
      break;
    case 'move':
      shared.moveCell(index, step.to % count);
      break;
    case 'tag':
      cell.setMetadata('tags', [step.tag]);
      break;
  }
  if (cell.cell_type !== 'code') {
    return;
  }
  const outputs = cell.getOutputs();
  switch (step.do) {
    case 'print':
      if (outputs.at(-1)?.output_type === 'stream') {
        cell.appendStreamOutput(outputs.length - 1, step.text, 'silent-change');
      } else {
        cell.updateOutputs(outputs.length, outputs.length, [print(step.text)], 'silent-change');
      }
      break;
    case 'show':
      cell.updateOutputs(outputs.length, outputs.length, [
        { output_type: 'display_data', data: { 'application/json': { v: step.value } }, metadata: {} }
      ]);
      break;
    case 'clear':
      cell.setOutputs([]);
      break;
    case 'count':
      cell.execution_count = step.count;
      break;
  }
}
