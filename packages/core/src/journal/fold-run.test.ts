import type { JournalRecord } from '@labkeeper/protocol';
import { textSum } from '@labkeeper/protocol';
import { MAX_CELLS } from './cell-order.js';
import { FoldedRun } from './fold-run.js';
import type { JournalProblem } from './journal-error.js';
import { fold } from './splice.test.data.js';

const BASE: JournalRecord = { t: 'base', hash: 'a'.repeat(64), cells: 3 };
const CODE = { id: 'new', cell_type: 'code', source: 'x', metadata: {}, outputs: [], execution_count: null };
const STREAM = { output_type: 'stream', name: 'stdout', text: 'abc' };
const put = (c: number, cell: Record<string, unknown> = CODE): JournalRecord => ({ t: 'put', c, cell });
const order = (n: number, at: number, del: number, ...cells: number[]): JournalRecord => ({
  t: 'order',
  n,
  at,
  del,
  cells
});

describe('a run of a notebook', () => {
  const refused: [JournalProblem, number | null, JournalRecord[], JournalRecord][] = [
    ['no-base', null, [], { t: 'src', c: 0, v: '' }],
    ['no-base', null, [], order(0, 0, 0)],
    ['base-twice', null, [BASE], BASE],
    ['bad-base', null, [], { t: 'base', hash: null, cells: 1 }],
    ['too-many-cells', null, [], { t: 'base', hash: 'a'.repeat(64), cells: MAX_CELLS + 1 }],
    ['order-length', null, [BASE], order(4, 0, 0)],
    ['order-length', null, [BASE], order(2, 0, 0)],
    ['order-length', null, [BASE], order(3, 2, 2)],
    ['order-length', null, [BASE, order(3, 0, 1)], order(3, 0, 1)],
    ['too-many-cells', null, [{ ...BASE, cells: MAX_CELLS }], order(MAX_CELLS, 0, 0, MAX_CELLS)],
    ['cell-twice', 1, [BASE], order(3, 0, 0, 1)],
    ['cell-twice', null, [BASE], order(3, 0, 1, 0, 0)],
    ['cell-twice', null, [BASE, order(3, 0, 0, 3)], order(4, 4, 0, 3)],
    ['cell-twice', null, [BASE], order(3, 0, 0, 3, 3)],
    ['unknown-cell', 1, [BASE, order(3, 1, 1)], order(2, 0, 0, 1)],
    ['unknown-cell', 1, [BASE, order(3, 1, 1)], put(1)],
    ['unknown-cell', 1, [BASE, order(3, 1, 1)], { t: 'src', c: 1, v: '' }],
    ['unknown-cell', 3, [BASE], { t: 'src', c: 3, v: '' }],
    ['unknown-cell', 3, [BASE, order(3, 0, 0, 3)], { t: 'meta', c: 3, v: {} }],
    ['unknown-cell', 3, [BASE, put(3), order(3, 0, 0, 3), order(4, 0, 1)], { t: 'exec', c: 3, v: 1 }],
    ['edit-past-end', 0, [BASE, { t: 'src', c: 0, v: 'ab' }], { t: 'edit', c: 0, at: 3, sum: 0 }],
    ['sum-mismatch', 0, [BASE, { t: 'src', c: 0, v: 'ab' }], { t: 'edit', c: 0, at: 2, sum: 0 }],
    ['edit-past-end', 3, [BASE, put(3)], { t: 'edit', c: 3, at: 2, sum: 0 }],
    ['sum-mismatch', 3, [BASE, put(3)], { t: 'edit', c: 3, at: 1, ins: 'y', sum: textSum('y') }],
    ['wrong-kind', 3, [BASE, put(3, { ...CODE, source: 1 })], { t: 'edit', c: 3, at: 0, sum: 0 }],
    ['wrong-kind', 3, [BASE, put(3, { ...CODE, cell_type: 'raw' })], { t: 'exec', c: 3, v: 1 }],
    ['wrong-kind', 3, [BASE, put(3, { ...CODE, cell_type: 'raw' })], { t: 'out', c: 3, from: 0, v: [] }],
    ['wrong-kind', 3, [BASE, put(3, { ...CODE, outputs: 'none' })], { t: 'out', c: 3, from: 0, v: [] }],
    ['output-past-end', 3, [BASE, put(3)], { t: 'out', c: 3, from: 1, v: [] }],
    ['output-past-end', 3, [BASE, put(3)], { t: 'app', c: 3, i: 0, at: 0, v: '' }],
    [
      'not-a-stream',
      3,
      [BASE, put(3, { ...CODE, outputs: [{ output_type: 'error' }] })],
      { t: 'app', c: 3, i: 0, at: 0, v: '' }
    ],
    [
      'append-past-end',
      3,
      [BASE, put(3, { ...CODE, outputs: [STREAM] })],
      { t: 'app', c: 3, i: 0, at: 4, v: '' }
    ],
    [
      'output-past-end',
      0,
      [BASE, { t: 'out', c: 0, from: 2, v: [STREAM] }],
      { t: 'out', c: 0, from: 4, v: [] }
    ],
    [
      'output-past-end',
      0,
      [BASE, { t: 'out', c: 0, from: 2, v: [STREAM] }],
      { t: 'app', c: 0, i: 3, at: 0, v: '' }
    ],
    [
      'append-past-end',
      0,
      [BASE, { t: 'out', c: 0, from: 2, v: [STREAM] }],
      { t: 'app', c: 0, i: 2, at: 4, v: '' }
    ],
    [
      'append-past-end',
      0,
      [BASE, { t: 'app', c: 0, i: 0, at: 5, v: 'ab' }],
      { t: 'app', c: 0, i: 0, at: 8, v: '' }
    ]
  ];

  it.each(refused)('refuses (%s, cell %s), and stays as it was', (problem, cell, before, record) => {
    const run = fold(before);
    const records = before.length > 0 ? JSON.stringify(run.records()) : null;
    expect(() => run.add(record)).toThrow(expect.objectContaining({ name: 'JournalError', problem, cell }));
    if (records !== null) {
      expect(JSON.stringify(run.records())).toBe(records);
    }
  });

  it('says which cell stands in the list without ever having been put', () => {
    const run = fold([BASE, order(3, 3, 0, 3)]);
    expect(() => run.cell(3)).toThrow(expect.objectContaining({ problem: 'cell-missing', cell: 3 }));
    run.add(put(3));
    expect(run.cell(3)).not.toBeNull();
  });

  it('forgets what came before a put', () => {
    const run = fold([BASE, { t: 'src', c: 1, v: 'old' }, { t: 'exec', c: 1, v: 3 }, put(1)]);
    expect(run.records()).toEqual([BASE, put(1)]);
  });

  it('does not change the records it was given', () => {
    const cell = { ...CODE, outputs: [STREAM] };
    const given = [
      BASE,
      put(3, cell),
      { t: 'app', c: 3, i: 0, at: 3, v: 'd' },
      { t: 'out', c: 0, from: 0, v: [STREAM] },
      { t: 'app', c: 0, i: 0, at: 3, v: 'd' }
    ] satisfies JournalRecord[];
    const before = JSON.stringify(given);
    expect(fold(given).records()).toContainEqual(put(3, { ...cell, outputs: [{ ...STREAM, text: 'abcd' }] }));
    expect(JSON.stringify(given)).toBe(before);
  });

  it('folds an hour of typing in one place into one edit', () => {
    const run = fold([BASE]);
    let text = 'x = 1';
    for (const ins of 'print(x)\n'.repeat(200)) {
      const at = text.length;
      text += ins;
      run.add({ t: 'edit', c: 2, at, ins, sum: textSum(text) });
    }
    expect(run.records()).toEqual([
      BASE,
      { t: 'edit', c: 2, at: 5, ins: 'print(x)\n'.repeat(200), sum: textSum(text) }
    ]);
  });

  it('folds edits at two places into one when a third joins them', () => {
    const run = fold([BASE]);
    run.add({ t: 'edit', c: 0, at: 0, ins: 'a', sum: textSum('abcd') });
    run.add({ t: 'edit', c: 0, at: 3, del: 1, sum: textSum('abc') });
    run.add({ t: 'edit', c: 0, at: 0, del: 3, sum: textSum('') });
    expect(run.records()).toEqual([BASE, { t: 'edit', c: 0, at: 0, del: 3, sum: textSum('') }]);
  });

  it('folds a stream that grows into one text', () => {
    const run = fold([BASE]);
    for (let step = 0; step < 500; step += 1) {
      run.add({ t: 'app', c: 0, i: 1, at: 1000 + 2 * step, v: '.\n' });
    }
    expect(run.records()).toEqual([BASE, { t: 'app', c: 0, i: 1, at: 1000, v: '.\n'.repeat(500) }]);
  });

  it('folds a list that was changed at two places into one record', () => {
    const run = fold([BASE, put(3), order(3, 3, 0, 3), order(4, 0, 1)]);
    expect(run.records()).toEqual([BASE, put(3), order(3, 0, 3, 1, 2, 3)]);
    expect(run.cells()).toEqual([1, 2, 3]);
  });
});

describe('a run of a text file', () => {
  it.each<[JournalProblem, JournalRecord]>([
    ['wrong-kind', put(0)],
    ['wrong-kind', order(1, 0, 0)],
    ['wrong-kind', { t: 'nb', v: {} }],
    ['wrong-kind', { t: 'out', c: 0, from: 0, v: [] }],
    ['unknown-cell', { t: 'src', c: 1, v: '' }],
    ['base-twice', { ...BASE, cells: 1 }]
  ])('refuses (%s) %j', (problem, record) => {
    const run = new FoldedRun('text');
    run.add({ ...BASE, cells: 1 });
    expect(() => run.add(record)).toThrow(expect.objectContaining({ problem }));
    expect(run.records()).toEqual([{ ...BASE, cells: 1 }]);
  });

  it.each<JournalRecord>([{ ...BASE }, { t: 'base', hash: null, cells: 1 }])('refuses the base %j', base => {
    expect(() => new FoldedRun('text').add(base)).toThrow(expect.objectContaining({ problem: 'bad-base' }));
  });
});
