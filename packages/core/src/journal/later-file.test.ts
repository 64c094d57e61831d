import fc from 'fast-check';
import { textSum, type JournalRecord } from '@labkeeper/protocol';
import { applyText } from './apply-text.js';
import { FoldedRun } from './fold-run.js';
import { readerOf, UTF8 } from './journal.test.data.js';
import type { Json } from './json.js';
import { LaterFile, type ILaterMatch } from './later-file.js';
import { boundaryOf, LaterRecords } from './later-file-records.js';
import { LaterText } from './later-file-text.js';
import { readCell } from './nbformat-cell.js';
import { MAX_VALUE_BYTES } from './notebook-file.js';
import { assembled, mapOf, parsed } from './splice.test.data.js';
import { spliceNotebook } from './splice-notebook.js';

const BASE: JournalRecord = { t: 'base', hash: 'ab'.repeat(32), cells: 2 };

function code(source: string, more: Json = {}): Json {
  return { cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source, ...more };
}

function edit(c: number, before: string, at: number, ins: string): JournalRecord {
  return { t: 'edit', c, at, ins, sum: textSum(before.slice(0, at) + ins + before.slice(at)) };
}

async function match(
  file: string | Uint8Array,
  ...batches: (readonly JournalRecord[])[]
): Promise<ILaterMatch | null> {
  const bytes = typeof file === 'string' ? UTF8.encode(file) : file;
  const later = new LaterFile({ map: mapOf(bytes), read: readerOf(bytes), utf8: UTF8 });
  for (const [index, records] of batches.entries()) {
    records.forEach(record => later.add(record));
    await later.endBatch(index + 1);
  }
  return later.match;
}

function sources(bytes: Buffer): unknown[] {
  const { cells } = parsed(bytes);
  return Array.isArray(cells) ? cells.map(cell => readCell(cell).source) : [];
}

function notebook(...cells: Json[]): string {
  return JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 });
}

describe('LaterFile', () => {
  const typing: JournalRecord[][] = [
    [BASE, edit(0, 'a', 1, 'b')],
    [edit(0, 'ab', 2, 'c')],
    [edit(0, 'abc', 3, 'd'), { t: 'exec', c: 1, v: 7 }]
  ];

  it('tells after which of several batches the file was saved', async () => {
    expect(await match(notebook(code('a'), code('x')), ...typing)).toBeNull();
    expect(await match(notebook(code('ab'), code('x')), ...typing)).toMatchObject({ seq: 1, isLast: false });
    expect(await match(notebook(code('abc'), code('x')), ...typing)).toMatchObject({ seq: 2, isLast: false });
    const whole = notebook(code('abcd'), code('x', { execution_count: 7 }));
    expect(await match(whole, ...typing)).toMatchObject({ seq: 3, isLast: true, cells: [0, 1] });
  });

  it('takes no file that holds a part of a batch', async () => {
    expect(await match(notebook(code('abcd'), code('x')), ...typing)).toBeNull();
    expect(await match(notebook(code('abc'), code('x'), code('y')), ...typing)).toBeNull();
  });

  it('takes an execution count alone for the whole, but never for a part', async () => {
    const counts: JournalRecord[][] = [[BASE, { t: 'exec', c: 0, v: 3 }], [edit(1, 'x', 1, 'y')]];
    const file = notebook(code('a', { execution_count: 3 }), code('x'));
    expect(await match(file, ...counts.slice(0, 1))).toMatchObject({ isLast: true });
    expect(await match(file, ...counts)).toBeNull();
  });

  it('knows streams that grew, by their length first', async () => {
    const stream = (text: string): Json => ({
      output_type: 'stream',
      name: 'stdout',
      text: text.split(/(?<=\n)/)
    });
    const grown: JournalRecord[][] = [
      [BASE, { t: 'app', c: 0, i: 0, at: 2, v: '2\n' }],
      [{ t: 'app', c: 0, i: 0, at: 4, v: '3\n' }]
    ];
    const file = (text: string): string => notebook(code('a', { outputs: [stream(text)] }), code('x'));
    expect(await match(file('1\n2\n'), ...grown)).toMatchObject({ seq: 1 });
    expect(await match(file('1\n2\n3\n'), ...grown)).toMatchObject({ seq: 2, isLast: true });
    expect(await match(file('1\n2\n4\n'), ...grown)).toBeNull();
    expect(await match(file('1\n2\n3\n4\n'), ...grown)).toBeNull();
  });

  it('leaves cells alone whose fields nobody can be sure of', async () => {
    const twice = notebook(code('ab'), code('x')).replace('"source":"ab"', '"source":"ab","source":"ab"');
    expect(await match(twice, ...typing)).toBeNull();
  });

  it('leaves alone what is too large to be read', async () => {
    const text = 'y'.repeat(MAX_VALUE_BYTES);
    const records: JournalRecord[] = [BASE, { t: 'src', c: 0, v: text }];
    expect(await match(notebook(code(text), code('x')), records)).toBeNull();
  });

  it('keeps cells that are in no place yet', async () => {
    const put = { t: 'put' as const, c: 2, cell: code('new') };
    const order: JournalRecord = { t: 'order', n: 2, at: 2, del: 0, cells: [2] };
    const found = await match(notebook(code('ab'), code('x')), [BASE, edit(0, 'a', 1, 'b'), put], [order]);
    expect(found).toEqual({ seq: 1, cells: [0, 1], waiting: [{ c: 2, cell: put.cell }], isLast: false });
  });

  it('does not choose between two boundaries that put other cells in the same places', async () => {
    const move: JournalRecord[] = [{ t: 'order', n: 3, at: 1, del: 2, cells: [2, 1] }];
    const base: JournalRecord = { ...BASE, cells: 3 };
    const file = notebook(code('ab'), code('x'), code('y'));
    expect(await match(file, [base, edit(0, 'a', 1, 'b')])).toMatchObject({ seq: 1 });
    expect(await match(file, [base, edit(0, 'a', 1, 'b')], move)).toBeNull();
  });

  it('reads a stream that grows with every batch only where it may fit', async () => {
    const batches: JournalRecord[][] = [[BASE]];
    let text = '';
    for (let line = 0; line < 2000; line += 1) {
      const v = `line ${line}\n`;
      batches.push([
        line === 0
          ? { t: 'out', c: 0, from: 0, v: [{ output_type: 'stream', name: 'stdout', text: v }] }
          : { t: 'app', c: 0, i: 0, at: text.length, v }
      ]);
      text += v;
    }
    const outputs = [{ output_type: 'stream', name: 'stdout', text }];
    const bytes = UTF8.encode(notebook(code('a', { outputs }), code('x')));
    let read = 0;
    const later = new LaterFile({
      map: mapOf(bytes),
      read: range => {
        read += range.to - range.from;
        return readerOf(bytes)(range);
      },
      utf8: UTF8
    });
    for (const [index, records] of batches.entries()) {
      records.forEach(record => later.add(record));
      await later.endBatch(index + 1);
    }
    expect(later.match).toMatchObject({ isLast: true });
    expect(read).toBeLessThan(20 * bytes.length);
  });
});

describe('LaterRecords', () => {
  it('gives a cell that was deleted and came back another number', async () => {
    const file = notebook(code('one'), code('new'));
    const run = new FoldedRun('notebook');
    const put = (text: string): JournalRecord => ({ t: 'put', c: 2, cell: code(text) });
    const order = (n: number, del: number, cells: number[]): JournalRecord => ({
      t: 'order',
      n,
      at: 1,
      del,
      cells
    });
    // Cell 1 gave way to cell 2, and then the file was saved.
    const saved: JournalRecord[] = [BASE, put('new'), order(2, 1, [2])];
    const then: JournalRecord[] = [order(2, 1, []), put('again'), order(1, 0, [2]), edit(2, 'again', 5, '!')];
    saved.forEach(record => run.add(record));
    const later = new LaterRecords(boundaryOf(run, 1));
    const rest = new FoldedRun('notebook');
    later.begin('cd'.repeat(32)).forEach(record => rest.add(record));
    then.forEach(record => rest.add(later.translate(record)));
    const bytes = UTF8.encode(file);
    const { pieces } = await spliceNotebook({
      map: mapOf(bytes),
      run: rest,
      read: readerOf(bytes),
      utf8: UTF8
    });
    expect(sources(assembled(pieces, bytes))).toEqual(['one', 'again!']);
  });

  it('keeps what waits for its place', async () => {
    const file = UTF8.encode(notebook(code('one'), code('two')));
    const run = new FoldedRun('notebook');
    [BASE, edit(0, 'x', 0, ''), { t: 'put' as const, c: 2, cell: code('new') }].forEach(record =>
      run.add(record)
    );
    const later = new LaterRecords(boundaryOf(run, 1));
    const rest = new FoldedRun('notebook');
    later.begin('cd'.repeat(32)).forEach(record => rest.add(record));
    rest.add(later.translate({ t: 'order', n: 2, at: 0, del: 0, cells: [2] }));
    const { pieces } = await spliceNotebook({
      map: mapOf(file),
      run: rest,
      read: readerOf(file),
      utf8: UTF8
    });
    expect(sources(assembled(pieces, file))).toEqual(['new', 'one', 'two']);
  });
});

describe('LaterText', () => {
  it('finds the last batch whose text the file has, and the rest applies to it', () => {
    const edits = fc.array(fc.tuple(fc.nat(30), fc.nat(3), fc.string({ maxLength: 5 })), {
      minLength: 1,
      maxLength: 5
    });
    const batches = fc.array(edits, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.string(), batches, fc.nat(5), (original, all, which) => {
        let text = original;
        const texts: string[] = [];
        const records = all.map(batch =>
          [
            ...batch.map(([place, wanted, ins]): JournalRecord => {
              const at = place % (text.length + 1);
              const del = Math.min(wanted, text.length - at);
              text = text.slice(0, at) + ins + text.slice(at + del);
              return { t: 'edit', c: 0, at, del, ins, sum: textSum(text) };
            }),
            texts.push(text) > 0 ? null : null
          ].filter(record => record !== null)
        );
        const file = texts[which % texts.length] ?? '';
        const later = new LaterText(textSum(file));
        later.add({ ...BASE, cells: 1 });
        records.forEach((batch, index) => {
          batch.forEach(record => later.add(record));
          later.endBatch(index + 1);
        });
        const { match: found } = later;
        expect(found?.seq).toBe(texts.lastIndexOf(file) + 1);
        expect(found?.isLast).toBe(file === texts.at(-1));
        const rest = new FoldedRun('text');
        rest.add({ ...BASE, cells: 1 });
        records.slice(found?.seq).forEach(batch => batch.forEach(record => rest.add(record)));
        expect(applyText(file, rest)).toBe(text);
      }),
      { numRuns: 500 }
    );
  });

  it('finds nothing in another text, nor before the first change', () => {
    const later = new LaterText(textSum('a'));
    later.add({ ...BASE, cells: 1 });
    later.endBatch(1);
    expect(later.match).toBeNull();
    later.add({ t: 'src', c: 0, v: 'b' });
    later.endBatch(2);
    expect(later.match).toBeNull();
  });
});
