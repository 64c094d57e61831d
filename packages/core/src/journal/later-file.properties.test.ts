import fc from 'fast-check';
import type { JournalRecord } from '@labkeeper/protocol';
import { FoldedRun } from './fold-run.js';
import { JournalError } from './journal-error.js';
import { action, Page, pageNotebook, readerOf, saved, stored, UTF8 } from './journal.test.data.js';
import type { Action, IPageNotebook } from './journal.test.data.js';
import { isJson, type Json } from './json.js';
import { LaterFile, type ILaterMatch } from './later-file.js';
import { boundaryOf, LaterRecords } from './later-file-records.js';
import { fileCell, fileNotebookMetadata } from './nbformat-cell.js';
import { nbformatJson } from './nbformat-json.js';
import { assembled, mapOf, pageView, parsed } from './splice.test.data.js';
import { spliceNotebook } from './splice-notebook.js';

interface IBatchOfPage {
  readonly records: JournalRecord[];
  /** The page after it. */
  readonly notebook: Json;
  readonly numbers: readonly number[];
}

/** What nbformat would write. */
function written(notebook: Json): Uint8Array {
  const cells: Json[] = Array.isArray(notebook.cells) ? notebook.cells : [];
  const metadata = isJson(notebook.metadata) ? fileNotebookMetadata(notebook.metadata) : {};
  return UTF8.encode(
    `${nbformatJson({ ...notebook, metadata, cells: cells.map(cell => fileCell(cell, true)) }, 0)}\n`
  );
}

/** A page's session in batches, the first with the base. */
function session(notebook: IPageNotebook, batches: readonly (readonly Action[])[]): IBatchOfPage[] {
  const page = new Page(notebook);
  return batches.map((actions, index) => {
    const records = [...(index === 0 ? [page.base()] : []), ...actions.flatMap(one => page.act(one))];
    const now: Json = JSON.parse(JSON.stringify(saved(page.notebook)));
    return { records, notebook: now, numbers: [...page.numbers] };
  });
}

async function search(file: Uint8Array, batches: readonly IBatchOfPage[]): Promise<ILaterMatch | null> {
  const later = new LaterFile({ map: mapOf(file), read: readerOf(file), utf8: UTF8 });
  for (const [index, { records }] of batches.entries()) {
    records.forEach(record => later.add(record));
    await later.endBatch(index + 1);
  }
  return later.match;
}

/** The file with the records after the match. */
async function goneOn(
  file: Uint8Array,
  batches: readonly IBatchOfPage[],
  match: Omit<ILaterMatch, 'isLast'>
): Promise<Buffer> {
  const later = new LaterRecords(match);
  const run = new FoldedRun('notebook');
  later.begin('cd'.repeat(32)).forEach(record => run.add(record));
  for (const { records } of batches.slice(match.seq)) {
    records.forEach(record => run.add(later.translate(record)));
  }
  const { pieces } = await spliceNotebook({ map: mapOf(file), run, read: readerOf(file), utf8: UTF8 });
  return assembled(pieces, file);
}

/** What records say of cells that were not put: which fields, outputs from which on, texts of outputs from where on. */
interface ISpoken {
  readonly fields: Set<string>;
  outputsFrom: number;
  readonly texts: Map<number, number>;
}

function spoken(batches: readonly IBatchOfPage[]): Map<number, ISpoken> {
  const cells = new Map<number, ISpoken>();
  const names = {
    src: 'source',
    edit: 'source',
    exec: 'execution_count',
    meta: 'metadata',
    att: 'attachments'
  };
  for (const record of batches.flatMap(({ records }) => records)) {
    if (!('c' in record)) {
      continue;
    }
    const cell = cells.get(record.c) ?? {
      fields: new Set<string>(),
      outputsFrom: Infinity,
      texts: new Map()
    };
    cells.set(record.c, cell);
    if (record.t === 'out') {
      cell.outputsFrom = Math.min(cell.outputsFrom, record.from);
    } else if (record.t === 'app') {
      cell.texts.set(record.i, Math.min(cell.texts.get(record.i) ?? Infinity, record.at));
    } else {
      cell.fields.add(record.t === 'put' ? '*' : names[record.t]);
    }
  }
  return cells;
}

/** Everything of two cells that a record spoke of, in a form that can be compared. */
function spokenParts(cell: Json, { fields, outputsFrom, texts }: ISpoken): unknown {
  const outputs: Json[] = Array.isArray(cell.outputs) ? cell.outputs : [];
  return fields.has('*')
    ? cell
    : [
        [...fields].map(field => cell[field] ?? null),
        outputs.slice(outputsFrom),
        outputsFrom === Infinity ? null : outputs.length,
        [...texts].map(([i, at]) => (i < outputsFrom ? String(outputs[i]?.text).slice(at) : null))
      ];
}

const batches = fc.array(fc.array(action, { maxLength: 4 }), { minLength: 1, maxLength: 6 });
/** As JupyterLab does it: no cell changes its place without being put anew. */
const labBatches = fc.array(
  fc.array(
    action.filter(({ do: what }) => what !== 'reverse'),
    { minLength: 1, maxLength: 4 }
  ),
  { minLength: 1, maxLength: 6 }
);
const withIds = pageNotebook.map(notebook => ({ ...notebook, minor: 5 }));

describe('a file that was saved after a batch', () => {
  it('gives with the batches after it what the page had, whenever a boundary is found', async () => {
    let found = 0;
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(pageNotebook, batches, fc.nat(5), async (notebook, actions, at) => {
        const all = session(notebook, actions);
        const file = written(all[at % all.length]?.notebook ?? {});
        const match = await search(file, all);
        runs += 1;
        if (match) {
          found += 1;
          expect(match.isLast).toBe(match.seq === all.length);
          const bytes = await goneOn(file, all, match);
          expect(pageView(parsed(bytes))).toEqual(pageView(all.at(-1)?.notebook ?? {}));
        }
      }),
      { numRuns: 1000 }
    );
    expect(found).toBeGreaterThan(runs / 4);
  });

  it('is recognised nearly always where the page is a JupyterLab and the batches change something', async () => {
    let found = 0;
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(withIds, labBatches, fc.nat(5), async (notebook, actions, at) => {
        const all = session(notebook, actions);
        const saving = at % all.length;
        const tells = all
          .slice(0, saving + 1)
          .some(({ records }) => records.some(({ t }) => t === 'put' || t === 'src' || t === 'edit'));
        fc.pre(tells && (all[saving]?.numbers.length ?? 0) > 0);
        const file = written(all[saving]?.notebook ?? {});
        const match = await search(file, all);
        runs += 1;
        found += match && match.seq >= saving + 1 ? 1 : 0;
      }),
      { numRuns: 500 }
    );
    // Not all: what told it may be deleted again, and two boundaries may look the same.
    expect(found / runs).toBeGreaterThan(0.85);
  });

  it('never counts as saved after a batch of which it does not hold every change', async () => {
    let checked = 0;
    await fc.assert(
      fc.asyncProperty(
        pageNotebook,
        batches,
        fc.nat(5),
        pageNotebook,
        fc.nat(99),
        async (notebook, actions, at, other, which) => {
          const all = session(notebook, actions);
          // Another program changed one cell, or put another one there.
          const cells: Json[] = JSON.parse(JSON.stringify(all[at % all.length]?.notebook.cells ?? []));
          const { cells: others } = saved(other);
          const foreign: Json | undefined = Array.isArray(others) ? others[0] : undefined;
          fc.pre(foreign !== undefined);
          if (cells.length > 0 && foreign) {
            cells[which % cells.length] = foreign;
          }
          const file = written({ ...all[at % all.length]?.notebook, cells });
          const match = await search(file, all);
          if (match) {
            const then = all[match.seq - 1];
            const fields = spoken(all.slice(0, match.seq));
            const view = pageView(parsed(Buffer.from(file)));
            const expected = pageView(then?.notebook ?? {});
            const [now, was] = [view.cells, expected.cells];
            if (!Array.isArray(now) || !Array.isArray(was)) {
              throw new Error('no cells');
            }
            expect(now).toHaveLength(was.length);
            then?.numbers.forEach((number, place) => {
              const cell = fields.get(number);
              if (cell) {
                checked += 1;
                expect(spokenParts(now[place], cell)).toEqual(spokenParts(was[place], cell));
              }
            });
          }
        }
      ),
      { numRuns: 1000 }
    );
    expect(checked).toBeGreaterThan(100);
  });

  it('goes on from a boundary that is known', async () => {
    await fc.assert(
      fc.asyncProperty(pageNotebook, batches, fc.nat(5), async (notebook, actions, at) => {
        const all = session(notebook, actions);
        const saving = at % all.length;
        const run = new FoldedRun('notebook');
        all.slice(0, saving + 1).forEach(({ records }) => records.forEach(record => run.add(record)));
        const file = written(all[saving]?.notebook ?? {});
        const bytes = await goneOn(file, all, boundaryOf(run, saving + 1));
        expect(pageView(parsed(bytes))).toEqual(pageView(all.at(-1)?.notebook ?? {}));
      }),
      { numRuns: 2000 }
    );
  });
});

describe('a search in a file', () => {
  it('ends with the error of records that make no sense', () => {
    const later = new LaterFile({
      map: mapOf(written({ cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 })),
      read: readerOf(new Uint8Array(0)),
      utf8: UTF8
    });
    expect(() => later.add({ t: 'src', c: 0, v: '' })).toThrow(JournalError);
  });

  it('finds nothing in the file that the run began with', async () => {
    await fc.assert(
      fc.asyncProperty(pageNotebook, batches, async (notebook, actions) => {
        const all = session(notebook, actions);
        const file = written(stored(notebook));
        const match = await search(file, all);
        // Unless the records say what was there before.
        if (match) {
          const bytes = await goneOn(file, all, match);
          expect(pageView(parsed(bytes)).cells).toEqual(pageView(all.at(-1)?.notebook ?? {}).cells);
        }
      }),
      { numRuns: 2000 }
    );
  });
});
