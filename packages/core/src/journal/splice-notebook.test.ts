import { textSum, type JournalRecord } from '@labkeeper/protocol';
import { WHOLE_CELL_BYTES } from './check-cell.js';
import { readerOf, UTF8 } from './journal.test.data.js';
import type { JournalProblem } from './journal-error.js';
import type { Json } from './json.js';
import { nbformatJson } from './nbformat-json.js';
import { MAX_VALUE_BYTES } from './notebook-file.js';
import { isRange } from './pieces.js';
import type { IByteRange } from './scan-notebook.js';
import type { SpliceProblem } from './splice-error.js';
import { spliceNotebook, writeNotebook } from './splice-notebook.js';
import { assembled, fold, mapOf, parsed, splice } from './splice.test.data.js';

const HASH = 'a'.repeat(64);
const base = (cells: number): JournalRecord => ({ t: 'base', hash: HASH, cells });
const stream = (text: string | string[]): Json => ({ name: 'stdout', output_type: 'stream', text });
const code = (fields: Json = {}): Json => ({
  cell_type: 'code',
  execution_count: null,
  id: 'one',
  metadata: {},
  outputs: [],
  source: [],
  ...fields
});

function fileOf(...cells: Json[]): Buffer {
  return Buffer.from(`${nbformatJson({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }, 0)}\n`);
}

function withoutId(cell: Json): Json {
  return Object.fromEntries(Object.entries(cell).filter(([key]) => key !== 'id'));
}

/** A notebook of one cell, given as text. */
function around(cell: string): Buffer {
  return Buffer.from(`{"cells":[${cell}],"metadata":{},"nbformat":4,"nbformat_minor":5}`);
}

describe('a splice', () => {
  it('keeps what a page cannot tell apart: 1.0, large integers, repeated blanks', async () => {
    const file = around(
      '{ "cell_type":"code","source":"a", "metadata":{"x":1.0, "n":12345678901234567890},"outputs":[{"output_type":"display_data","data":{"application/json":[1.0,2.50]},"metadata":{}}] }'
    );
    const metadata = { x: 1, n: 12345678901234567000, trusted: true };
    const { bytes, changedCells } = await splice(file, [
      base(1),
      { t: 'meta', c: 0, v: metadata },
      { t: 'edit', c: 0, at: 1, ins: 'b', sum: textSum('ab') },
      { t: 'out', c: 0, from: 1, v: [stream('x')] }
    ]);
    expect(bytes.toString()).toBe(
      file
        .toString()
        .replace('"source":"a"', '"source":[\n    "ab"\n   ]')
        .replace(
          '"metadata":{}}]',
          '"metadata":{}},\n    {\n     "name": "stdout",\n     "output_type": "stream",\n     "text": [\n      "x"\n     ]\n    }]'
        )
    );
    expect(changedCells).toBe(1);
  });

  it('leaves the file alone where what changed is what it says already', async () => {
    const file = around(
      '{"cell_type":"markdown","source":["a\\n","b"],"metadata":{},"attachments":{"a":{"text/plain":"x"}}}'
    );
    const { bytes, pieces, changedCells } = await splice(file, [
      base(1),
      { t: 'src', c: 0, v: 'a\nb' },
      { t: 'meta', c: 0, v: { trusted: false } },
      { t: 'att', c: 0, v: { a: { 'text/plain': ['x'] } } },
      { t: 'nb', v: { orig_nbformat: 4 } },
      { t: 'order', n: 1, at: 0, del: 1, cells: [0] }
    ]);
    expect(bytes.equals(file)).toBe(true);
    expect(pieces).toEqual([{ from: 0, to: file.length }]);
    expect(changedCells).toBe(0);
  });

  it('puts fields that were missing where nbformat would have put them', async () => {
    const file = fileOf({ cell_type: 'code', metadata: {} });
    const { bytes } = await splice(file, [
      base(1),
      { t: 'src', c: 0, v: 'x' },
      { t: 'exec', c: 0, v: 1 },
      { t: 'out', c: 0, from: 0, v: [] },
      { t: 'att', c: 0, v: { a: {} } }
    ]);
    expect(
      bytes.equals(
        fileOf({
          attachments: { a: {} },
          cell_type: 'code',
          execution_count: 1,
          metadata: {},
          outputs: [],
          source: ['x']
        })
      )
    ).toBe(true);
  });

  it('takes fields out wherever they stand', async () => {
    for (const cell of [
      '{"attachments":{},"cell_type":"raw","metadata":{},"source":""}',
      '{"cell_type":"raw", "attachments":{} ,"metadata":{},"source":""}',
      '{"cell_type":"raw","metadata":{},"source":"" , "attachments":{}}'
    ]) {
      const { bytes } = await splice(around(cell), [base(1), { t: 'att', c: 0, v: null }]);
      expect(parsed(bytes).cells).toEqual([{ cell_type: 'raw', metadata: {}, source: '' }]);
    }
  });

  it('takes ids out of new cells in a notebook that has none, and raises an old version as JupyterLab does', async () => {
    const file = Buffer.from('{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":2}');
    const { bytes, changedCells } = await splice(file, [
      base(0),
      { t: 'put', c: 0, cell: code() },
      { t: 'order', n: 0, at: 0, del: 0, cells: [0] }
    ]);
    const rest = withoutId(code());
    expect(parsed(bytes)).toEqual({ cells: [rest], metadata: {}, nbformat: 4, nbformat_minor: 4 });
    expect(changedCells).toBe(1);
  });

  it('counts a cell that only moved once, and new and deleted ones', async () => {
    const file = fileOf(code({ id: 'a' }), code({ id: 'b' }), code({ id: 'c' }));
    const put: JournalRecord = { t: 'put', c: 3, cell: code({ id: 'a' }) };
    const order = (at: number, del: number, ...cells: number[]): JournalRecord => ({
      t: 'order',
      n: 3,
      at,
      del,
      cells
    });
    expect((await splice(file, [base(3), put, order(0, 3, 1, 2, 3)])).changedCells).toBe(1);
    expect((await splice(file, [base(3), order(0, 3)])).changedCells).toBe(3);
    expect((await splice(file, [base(3), put, order(3, 0, 3), { t: 'exec', c: 0, v: 1 }])).changedCells).toBe(
      2
    );
  });
});

describe('a splice of a large file', () => {
  const LARGE = 'x'.repeat(3 * WHOLE_CELL_BYTES);
  const image = (data: string): Json => ({
    data: { 'image/png': data },
    metadata: {},
    output_type: 'display_data'
  });
  const file = fileOf(
    code({ source: ['first'] }),
    code({
      id: 'two',
      outputs: [image(LARGE), stream(['a\n', 'b']), image(LARGE), image('')],
      source: ['second']
    })
  );

  it('never holds outputs that stay or go, nor other cells', async () => {
    const reads: IByteRange[] = [];
    const read = (range: IByteRange): Promise<Uint8Array> => {
      reads.push(range);
      return readerOf(file)(range);
    };
    const run = fold([
      base(2),
      { t: 'edit', c: 1, at: 6, ins: '!', sum: textSum('second!') },
      { t: 'app', c: 1, i: 1, at: 3, v: '\nc' },
      { t: 'out', c: 1, from: 2, v: [image('new')] }
    ]);
    const map = mapOf(file);
    const { pieces } = await spliceNotebook({ map, run, read, utf8: UTF8 });
    const expected = fileOf(
      code({ source: ['first'] }),
      code({
        id: 'two',
        outputs: [image(LARGE), stream(['a\n', 'b\n', 'c']), image('new')],
        source: ['second!']
      })
    );
    expect(assembled(pieces, file).equals(expected)).toBe(true);
    const held = pieces.reduce((sum, piece) => sum + (isRange(piece) ? 0 : piece.length), 0);
    expect(held).toBeLessThan(1000);
    expect(Math.max(...reads.map(({ from, to }) => to - from))).toBeLessThanOrEqual(1024 * 1024);
    const second = map.cells[1]?.from ?? 0;
    expect(Math.min(...reads.map(({ from }) => from))).toBe(second);
  });

  it('is given up where the file changed between two looks at it', async () => {
    const map = mapOf(file);
    const begin = map.cells[1]?.from ?? 0;
    let looks = 0;
    const read = async (range: IByteRange): Promise<Uint8Array> => {
      const bytes = await readerOf(file)(range);
      looks += range.from === begin ? 1 : 0;
      return range.from === begin && looks > 1 ? Buffer.from(bytes).fill('[', 0, 1) : bytes;
    };
    const run = fold([base(2), { t: 'src', c: 1, v: 'new' }]);
    await expect(spliceNotebook({ map, run, read, utf8: UTF8 })).rejects.toMatchObject({
      problem: 'file-changed',
      cell: 1
    });
    expect(looks).toBeGreaterThan(1);
  });

  it('leaves a stream output that is too long for memory to a full save', async () => {
    const long = fileOf(code({ outputs: [stream('y'.repeat(MAX_VALUE_BYTES))] }));
    await expect(splice(long, [base(1), { t: 'app', c: 0, i: 0, at: 1, v: 'z' }])).rejects.toMatchObject({
      name: 'SpliceError',
      problem: 'too-large'
    });
    const { bytes } = await splice(long, [base(1), { t: 'src', c: 0, v: 'z' }]);
    expect(bytes.length).toBe(long.length + '\n    "z"\n   '.length);
  });
});

describe('a splice is refused', () => {
  it.each<[JournalProblem, string, JournalRecord]>([
    ['edit-past-end', '{"cell_type":"raw","source":"ab"}', { t: 'edit', c: 0, at: 3, sum: 0 }],
    ['edit-past-end', '{"cell_type":"raw"}', { t: 'edit', c: 0, at: 1, sum: 0 }],
    [
      'sum-mismatch',
      '{"cell_type":"raw","source":"ab"}',
      { t: 'edit', c: 0, at: 2, ins: 'c', sum: textSum('abd') }
    ],
    ['wrong-kind', '{"cell_type":"raw"}', { t: 'exec', c: 0, v: 1 }],
    ['wrong-kind', '{"cell_type":"raw"}', { t: 'out', c: 0, from: 0, v: [] }],
    ['wrong-kind', '{}', { t: 'exec', c: 0, v: 1 }],
    ['output-past-end', '{"cell_type":"code","outputs":[{}]}', { t: 'out', c: 0, from: 2, v: [] }],
    ['output-past-end', '{"cell_type":"code"}', { t: 'out', c: 0, from: 1, v: [] }],
    ['output-past-end', '{"cell_type":"code","outputs":[{}]}', { t: 'app', c: 0, i: 1, at: 0, v: '' }],
    [
      'not-a-stream',
      '{"cell_type":"code","outputs":[{"output_type":"error","text":""}]}',
      { t: 'app', c: 0, i: 0, at: 0, v: '' }
    ],
    [
      'not-a-stream',
      '{"cell_type":"code","outputs":[{"output_type":"stream"}]}',
      { t: 'app', c: 0, i: 0, at: 0, v: '' }
    ],
    [
      'append-past-end',
      '{"cell_type":"code","outputs":[{"output_type":"stream","text":["a","b"]}]}',
      { t: 'app', c: 0, i: 0, at: 3, v: '' }
    ],
    ['cell-missing', '{}', { t: 'order', n: 1, at: 0, del: 0, cells: [1] }]
  ])('(%s) for %s and %j', async (problem, cell, record) => {
    await expect(splice(around(cell), [base(1), record])).rejects.toMatchObject({
      name: 'JournalError',
      problem
    });
  });

  it.each<[SpliceProblem, string, JournalRecord]>([
    ['field-twice', '{"cell_type":"raw","source":"a","source":"b"}', { t: 'src', c: 0, v: 'x' }],
    ['field-twice', '{"cell_type":"raw","source":"a","sourc\\u0065":"b"}', { t: 'src', c: 0, v: 'x' }],
    [
      'field-twice',
      '{"cell_type":"code","outputs":[{"output_type":"stream","text":"","text":""}]}',
      { t: 'app', c: 0, i: 0, at: 0, v: '' }
    ],
    ['odd-field', '{"cell_type":"raw","source":5}', { t: 'src', c: 0, v: 'x' }],
    ['odd-field', '{"cell_type":"raw","source":["a",5]}', { t: 'edit', c: 0, at: 0, sum: 0 }],
    ['odd-field', '{"cell_type":"code","outputs":{}}', { t: 'out', c: 0, from: 0, v: [] }],
    [
      'odd-field',
      '{"cell_type":"code","outputs":[{"output_type":"stream","text":5}]}',
      { t: 'app', c: 0, i: 0, at: 0, v: '' }
    ],
    ['odd-field', '{}', { t: 'src', c: 0, v: 'x' }]
  ])('(%s) for %s and %j', async (problem, cell, record) => {
    await expect(splice(around(cell), [base(1), record])).rejects.toMatchObject({
      name: 'SpliceError',
      problem
    });
  });

  it('for another file, by its number of cells', async () => {
    const other = { name: 'JournalError', problem: 'other-file' };
    await expect(splice(around('{}'), [base(2)])).rejects.toMatchObject(other);
    await expect(splice(around('{}'), [{ t: 'base', hash: null, cells: 0 }])).rejects.toMatchObject(other);
  });

  it('where the file changed meanwhile: shorter, or other bytes', async () => {
    const file = around('{"cell_type":"raw","source":"a"}');
    const run = fold([base(1), { t: 'src', c: 0, v: 'x' }]);
    const map = mapOf(file);
    for (const bytes of [
      file.subarray(0, 40),
      Buffer.alloc(file.length),
      Buffer.from(file.toString().replaceAll('"', '1'))
    ]) {
      await expect(spliceNotebook({ map, run, read: readerOf(bytes), utf8: UTF8 })).rejects.toMatchObject({
        name: 'SpliceError',
        problem: 'file-changed',
        cell: 0
      });
    }
  });

  it.each<[string, JournalRecord]>([
    ['a changed cell', { t: 'src', c: 0, v: 'important' }],
    ['a new output', { t: 'out', c: 0, from: 1, v: [stream('important')] }],
    ['longer text', { t: 'app', c: 0, i: 0, at: 1, v: 'important' }]
  ])('where %s would not read as it should', async (_, record) => {
    const file = around('{"cell_type":"code","source":"a","outputs":[{"output_type":"stream","text":"b"}]}');
    const broken = { ...UTF8, encode: (text: string) => UTF8.encode(text.replace('import', 'export')) };
    const run = fold([base(1), record]);
    await expect(
      spliceNotebook({ map: mapOf(file), run, read: readerOf(file), utf8: broken })
    ).rejects.toMatchObject({ name: 'SpliceError', problem: 'check-failed', cell: 0 });
  });
});

describe('a notebook without a file', () => {
  it('is made of its records alone', () => {
    const run = fold([
      { t: 'base', hash: null, cells: 0 },
      { t: 'order', n: 0, at: 0, del: 0, cells: [0, 1] },
      { t: 'put', c: 0, cell: code({ source: 'a\nb', metadata: { trusted: true } }) },
      { t: 'put', c: 1, cell: code({ id: 'two', source: '' }) },
      { t: 'nb', v: { kernelspec: { name: 'python3' }, signature: 'x' } }
    ]);
    const expected = {
      cells: [code({ source: ['a\n', 'b'] }), code({ id: 'two' })],
      metadata: { kernelspec: { name: 'python3' } },
      nbformat: 4,
      nbformat_minor: 5
    };
    expect(UTF8.decode(writeNotebook(run, UTF8))).toBe(`${nbformatJson(expected, 0)}\n`);
  });

  it('without ids is of the version that has none', () => {
    const cell = withoutId(code());
    const run = fold([
      { t: 'base', hash: null, cells: 0 },
      { t: 'put', c: 0, cell },
      { t: 'order', n: 0, at: 0, del: 0, cells: [0] }
    ]);
    expect(parsed(writeNotebook(run, UTF8))).toEqual({
      cells: [cell],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 4
    });
  });

  it('is refused where a cell is missing, or there is a file', () => {
    const missing = fold([
      { t: 'base', hash: null, cells: 0 },
      { t: 'order', n: 0, at: 0, del: 0, cells: [0] }
    ]);
    expect(() => writeNotebook(missing, UTF8)).toThrow(
      expect.objectContaining({ problem: 'cell-missing', cell: 0 })
    );
    expect(() => writeNotebook(fold([base(0)]), UTF8)).toThrow(
      expect.objectContaining({ problem: 'other-file' })
    );
  });
});
