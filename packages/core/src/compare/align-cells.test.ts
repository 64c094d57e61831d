import { alignCells, type IAlignable } from './align-cells.js';

const code = (source: string, id: string | null = null): IAlignable => ({ id, type: 'code', source });

describe('cells of two versions', () => {
  it('are found by id, whatever is in them', () => {
    expect(alignCells([code('a', '1'), code('b', '2')], [code('x', '0'), code('y', '2')])).toEqual([
      { left: 0, right: null },
      { left: null, right: 0 },
      { left: 1, right: 1 }
    ]);
  });

  it('without ids are found by the same source, then by similar source', () => {
    const left = [code('import numpy as np'), code('print(np.zeros(3))'), code('plot()')];
    const right = [code('import numpy as np'), code('# new'), code('print(np.zeros(30))'), code('plot()')];
    expect(alignCells(left, right)).toEqual([
      { left: 0, right: 0 },
      { left: null, right: 1 },
      { left: 1, right: 2 },
      { left: 2, right: 3 }
    ]);
  });

  it('of which two have one id are not found by it', () => {
    const left = [code('one', 'x'), code('two', 'x')];
    expect(alignCells(left, [code('two', 'x')])).toEqual([
      { left: 0, right: null },
      { left: 1, right: 0 }
    ]);
  });

  it('that changed places are one that is gone and one that is new', () => {
    const [a, b, c] = [code('a', 'a'), code('b', 'b'), code('c', 'c')];
    expect(alignCells([a, b, c], [b, c, a])).toEqual([
      { left: 0, right: null },
      { left: 1, right: 0 },
      { left: 2, right: 1 },
      { left: null, right: 2 }
    ]);
  });

  it('are not compared one with one where that would take long', () => {
    const many = (what: string) => Array.from({ length: 5000 }, (_, at) => code(`${what}${at} = ${at}`));
    const startMs = performance.now();
    expect(alignCells(many('a'), many('b'))).toHaveLength(10_000);
    expect(performance.now() - startMs).toBeLessThan(3000);
  });
});
