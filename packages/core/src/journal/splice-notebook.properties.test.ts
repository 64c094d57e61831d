import fc from 'fast-check';
import type { JournalRecord } from '@labkeeper/protocol';
import {
  action,
  Page,
  pageNotebook,
  saved,
  stored,
  UTF8,
  type IPageNotebook,
  type Action
} from './journal.test.data.js';
import { isJson, type Json } from './json.js';
import { fileCell, fileNotebookMetadata } from './nbformat-cell.js';
import { nbformatJson } from './nbformat-json.js';
import { FoldedRun } from './fold-run.js';
import { fold, mapOf, pageView, parsed, splice } from './splice.test.data.js';

/** Files as different programs write them. */
type Layout = (notebook: Json) => string;

const nbformatLayout: Layout = notebook => {
  const cells: Json[] = Array.isArray(notebook.cells) ? notebook.cells : [];
  const metadata = isJson(notebook.metadata) ? fileNotebookMetadata(notebook.metadata) : {};
  const written = { ...notebook, metadata, cells: cells.map(cell => fileCell(cell, true)) };
  return `${nbformatJson(written, 0)}\n`;
};

/** Valid JSON as nobody writes it: keys backwards, escapes and blanks where they may be. */
function oddJson(value: unknown): string {
  if (Array.isArray(value)) {
    return `[\t${value.map(item => `\r\n ${oddJson(item)} `).join(',')}]`;
  }
  if (isJson(value)) {
    const fields = Object.keys(value)
      .reverse()
      .map(name => ` ${oddJson(name)}\n\n:${oddJson(value[name])}`);
    return `{${fields.join('\t,')}  }`;
  }
  return typeof value === 'string'
    ? `"${[...Array(value.length).keys()].map(at => `\\u${value.charCodeAt(at).toString(16).padStart(4, '0').toUpperCase()}`).join('')}"`
    : JSON.stringify(value);
}

const layouts: Record<string, Layout> = {
  nbformat: nbformatLayout,
  minified: notebook => JSON.stringify(notebook),
  'indent 2': notebook => JSON.stringify(notebook, null, 2),
  odd: notebook => ` ${oddJson(notebook)}\n\t`
};

const actions = fc.array(action, { maxLength: 12 });

function session(notebook: IPageNotebook, what: readonly Action[]): { page: Page; records: JournalRecord[] } {
  const page = new Page(notebook);
  const records = [page.base(), ...what.flatMap(one => page.act(one))];
  return { page, records };
}

describe('a spliced notebook', () => {
  it.each(Object.keys(layouts))('reads as what the page had, in a file of layout %s', async name => {
    const layout = layouts[name] ?? nbformatLayout;
    await fc.assert(
      fc.asyncProperty(pageNotebook, actions, async (notebook, what) => {
        const { page, records } = session(notebook, what);
        const file = UTF8.encode(layout(stored(notebook)));
        const { bytes } = await splice(file, records);
        expect(pageView(parsed(bytes))).toEqual(pageView(saved(page.notebook)));
      }),
      { numRuns: 300 }
    );
  });

  it('is, byte for byte, what would have been written whole', async () => {
    await fc.assert(
      fc.asyncProperty(pageNotebook, actions, async (notebook, what) => {
        const { page, records } = session(notebook, what);
        const { bytes } = await splice(UTF8.encode(nbformatLayout(stored(notebook))), records);
        expect(bytes.toString('utf8')).toBe(nbformatLayout(saved(page.notebook)));
      }),
      { numRuns: 500 }
    );
  });

  it.each(Object.keys(layouts))('has the bytes of every unchanged cell, in layout %s', async name => {
    const layout = layouts[name] ?? nbformatLayout;
    await fc.assert(
      fc.asyncProperty(pageNotebook, actions, async (notebook, what) => {
        const { page, records } = session(notebook, what);
        const file = Buffer.from(layout(stored(notebook)), 'utf8');
        const before = mapOf(file);
        const { bytes } = await splice(file, records);
        const after = mapOf(bytes);
        const run = fold(records);
        page.numbers.forEach((number, index) => {
          const old = before.cells[number];
          const now = after.cells[index];
          if (run.cell(number) === null && old && now) {
            expect(bytes.subarray(now.from, now.to).equals(file.subarray(old.from, old.to))).toBe(true);
          }
        });
        expect(after.cells).toHaveLength(page.numbers.length);
      }),
      { numRuns: 200 }
    );
  });
});

describe('the records of a folded run', () => {
  it('give the same run, whatever is added later', async () => {
    await fc.assert(
      fc.asyncProperty(pageNotebook, actions, actions, async (notebook, before, later) => {
        const page = new Page(notebook);
        const first = [page.base(), ...before.flatMap(one => page.act(one))];
        const then = later.flatMap(one => page.act(one));
        const compacted = fold(first).records();
        const again = new FoldedRun('notebook');
        JSON.parse(JSON.stringify(compacted)).forEach((record: JournalRecord) => again.add(record));
        expect(again.records()).toEqual(compacted);
        then.forEach(record => again.add(record));
        const file = UTF8.encode(nbformatLayout(stored(notebook)));
        const direct = await splice(file, [...first, ...then]);
        const compactly = await splice(file, again.records());
        expect(compactly.bytes.equals(direct.bytes)).toBe(true);
      }),
      { numRuns: 500 }
    );
  });

  it('are no more than there were, and one for each field at most, edits apart', () => {
    fc.assert(
      fc.property(pageNotebook, actions, (notebook, what) => {
        const { records } = session(notebook, what);
        const compacted = fold(records).records();
        // One order may stand for several, but a put that was forgotten needs none.
        expect(compacted.length).toBeLessThanOrEqual(records.length);
        const fields = compacted.flatMap(record =>
          record.t === 'edit' || record.t === 'app' ? [] : [`${record.t} ${'c' in record ? record.c : ''}`]
        );
        expect(new Set(fields).size).toBe(fields.length);
      }),
      { numRuns: 300 }
    );
  });
});
