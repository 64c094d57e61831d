import type { JournalRecord } from '@labkeeper/protocol';
import { FoldedRun } from './fold-run.js';
import { FileCell } from './file-cell.js';
import { isEditedMetadata, isRearranged, ranChange } from './ran-cell.js';

const HASH = 'a'.repeat(64);
const stream = (text: string | string[]) => ({ output_type: 'stream', name: 'stdout', text });
const CELL = {
  ...{ cell_type: 'code', id: 'x', source: ['a = 1\n', 'a'], metadata: { tags: ['t'] } },
  ...{ execution_count: 3, outputs: [stream(['1\n', '2\n']), stream('other')] }
};

function changed(act: (cell: FileCell) => void): FileCell {
  const cell = new FileCell(0);
  act(cell);
  return cell;
}

function run(cells: number, ...records: JournalRecord[]): FoldedRun {
  const folded = new FoldedRun('notebook');
  [{ t: 'base' as const, hash: HASH, cells }, ...records].forEach(record => folded.add(record));
  return folded;
}

describe('a cell that ran', () => {
  it('has the outputs of the run, with the source that the file has', () => {
    const change = changed(cell => {
      cell.setOutputs(0, [stream('new')]);
      cell.setExecutionCount(4);
    });
    expect(ranChange(CELL, 0, change)).toEqual({
      ran: { id: 'x', source: 'a = 1\na', newSource: null, outputs: [stream('new')], executionCount: 4 },
      rest: false
    });
  });

  it('keeps outputs of the file and lets their text grow', () => {
    const change = changed(cell => {
      cell.append(0, 4, '3\n');
      cell.setOutputs(1, [stream('then')]);
    });
    expect(ranChange(CELL, 0, change).ran).toMatchObject({
      outputs: [stream('1\n2\n3\n'), stream('then')],
      executionCount: 3
    });
    expect(() =>
      ranChange(
        CELL,
        0,
        changed(cell => cell.setOutputs(3, []))
      )
    ).toThrow('output-past-end');
  });

  it('comes with the code that it was given; one that was only edited does not', () => {
    const change = changed(cell => {
      cell.setSource('b');
      cell.setOutputs(0, []);
    });
    expect(ranChange(CELL, 0, change)).toMatchObject({
      ran: { source: 'a = 1\na', newSource: 'b', outputs: [] },
      rest: false
    });
    const edited = changed(cell => cell.setSource('b'));
    expect(ranChange(CELL, 0, edited)).toEqual({ ran: null, rest: true });
    // Typed and taken back.
    const same = changed(cell => {
      cell.setSource('a = 1\na');
      cell.setOutputs(0, []);
    });
    expect(ranChange(CELL, 0, same)).toMatchObject({ ran: { newSource: null, outputs: [] }, rest: false });
  });

  it('may have other metadata too, which are work of their own', () => {
    const timed = changed(cell => cell.setMetadata({ tags: ['t'], execution: { busy: 'x' }, trusted: true }));
    expect(ranChange(CELL, 0, timed)).toEqual({ ran: null, rest: false });
    const tagged = changed(cell => {
      cell.setMetadata({ tags: [] });
      cell.setExecutionCount(null);
    });
    expect(ranChange(CELL, 0, tagged)).toMatchObject({ ran: { executionCount: null }, rest: true });
  });

  it('is told as it is in the file where nothing changed yet, and is code', () => {
    expect(ranChange(CELL, 0, null).ran?.outputs).toEqual([stream('1\n2\n'), stream('other')]);
    expect(ranChange({ ...CELL, cell_type: 'markdown' }, 0, null).ran).toBeNull();
  });
});

describe('a notebook', () => {
  it('is rearranged by cells that move, go or come, but not by an empty one', () => {
    const put = (source: string): JournalRecord[] => [
      { t: 'put', c: 2, cell: { cell_type: 'code', source, outputs: [], metadata: {} } },
      { t: 'order', n: 2, at: 2, del: 0, cells: [2] }
    ];
    expect(isRearranged(run(2))).toBe(false);
    expect(isRearranged(run(2, ...put('')))).toBe(false);
    expect(isRearranged(run(2, ...put('x')))).toBe(true);
    expect(isRearranged(run(2, { t: 'order', n: 2, at: 0, del: 2, cells: [1, 0] }))).toBe(true);
    expect(isRearranged(run(2, { t: 'order', n: 2, at: 1, del: 1, cells: [] }))).toBe(true);
  });

  it('is not edited by the start of a kernel', () => {
    expect(
      isEditedMetadata({ kernelspec: { name: 'a' } }, { kernelspec: { name: 'a' }, language_info: {} })
    ).toBe(false);
    expect(isEditedMetadata({}, { title: 'x' })).toBe(true);
    expect(isEditedMetadata({ title: 'x' }, null)).toBe(false);
  });
});
