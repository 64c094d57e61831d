import fc from 'fast-check';
import { alignCells, type IAlignable } from './align-cells.js';
import { compareCells, compareTexts, partsOf, type Choice } from './compared-rows.js';
import { lineDiff } from './line-diff.js';
import { longestIncreasing } from './longest-increasing.js';
import type { NotebookCell } from './notebook-cell.js';

const source = fc.oneof(
  fc.constantFrom('', 'x = 1', 'x = 2', 'import numpy as np\nprint(np.zeros(3))', 'plot(a, b)', 'plot(a, c)'),
  fc.string({ maxLength: 12 })
);
const cell = fc.record({
  id: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { nil: null }),
  type: fc.constantFrom('code', 'markdown'),
  source
});
const cells = fc.array(cell, { maxLength: 14 });
/** A version, and the same with cells inserted, deleted, moved and edited. */
const versions = fc.oneof(
  fc.tuple(cells, cells),
  fc.tuple(cells, fc.array(fc.tuple(fc.nat(20), cell), { maxLength: 4 })).map(([before, changes]) => {
    const after = [...before];
    for (const [at, changed] of changes) after.splice(at % (after.length + 1), at % 3, changed);
    return [before, after] as const;
  })
);
const inFile = ({ id, type, source: text }: IAlignable): NotebookCell => ({
  ...(id === null ? {} : { id }),
  cell_type: type,
  source: text,
  metadata: {}
});
const text = fc
  .array(fc.constantFrom('one\n', 'two\n', 'three\n', '\n', 'end'), { maxLength: 20 })
  .map(lines => lines.join(''));

const upTo = (length: number): number[] => Array.from({ length }, (_, at) => at);

describe('aligned cells', () => {
  it('have every cell of both sides once, each side in its order', () => {
    fc.assert(
      fc.property(versions, ([left, right]) => {
        const pairs = alignCells(left, right);
        expect(pairs.map(pair => pair.left).filter(at => at !== null)).toEqual(upTo(left.length));
        expect(pairs.map(pair => pair.right).filter(at => at !== null)).toEqual(upTo(right.length));
        expect(pairs.filter(pair => pair.left === null && pair.right === null)).toEqual([]);
      })
    );
  });

  it('of a notebook with itself are all paired', () => {
    fc.assert(
      fc.property(cells, all => {
        expect(alignCells(all, all)).toEqual(upTo(all.length).map(at => ({ left: at, right: at })));
      })
    );
  });

  it('never pair cells of different types by their source', () => {
    fc.assert(
      fc.property(versions, ([left, right]) => {
        const without = (list: readonly IAlignable[]) => list.map(each => ({ ...each, id: null }));
        for (const pair of alignCells(without(left), without(right))) {
          if (pair.left !== null && pair.right !== null) {
            expect(left[pair.left]?.type).toBe(right[pair.right]?.type);
          }
        }
      })
    );
  });
});

describe('what is chosen', () => {
  const parts = (rows: ReturnType<typeof compareCells>, choice: Choice) =>
    rows
      .flatMap(row => partsOf(row, choice))
      .map(({ part }) => ({ type: part['cell_type'], source: part['source'] }));
  const plain = (list: readonly IAlignable[]) => list.map(({ type, source: its }) => ({ type, source: its }));

  it('is one version or the other, or loses nothing', () => {
    fc.assert(
      fc.property(versions, ([left, right]) => {
        const rows = compareCells(left.map(inFile), right.map(inFile));
        expect(parts(rows, 'left')).toEqual(plain(left));
        expect(parts(rows, 'right')).toEqual(plain(right));
        expect(parts(rows, 'both')).toEqual(expect.arrayContaining([...plain(left), ...plain(right)]));
      })
    );
  });

  it('of texts is one or the other, byte for byte', () => {
    fc.assert(
      fc.property(text, text, (left, right) => {
        const rows = compareTexts(left, right);
        const joined = (choice: Choice) =>
          rows
            .flatMap(row => partsOf(row, choice))
            .map(({ part }) => part)
            .join('');
        expect(joined('left')).toBe(left);
        expect(joined('right')).toBe(right);
      })
    );
  });
});

it('hunks that are equal and not take turns', () => {
  fc.assert(
    fc.property(text, text, (left, right) => {
      const hunks = lineDiff(left, right);
      hunks.slice(1).forEach((hunk, at) => expect(hunk.isEqual).toBe(!hunks[at]?.isEqual));
    })
  );
});

it('a longest increasing subsequence is increasing, and as long as the slow way finds', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 9 }), values => {
      const found = longestIncreasing(values).map(at => values[at] ?? -1);
      expect([...new Set(found)].sort((a, b) => a - b)).toEqual(found);
      const lengths = values.reduce<number[]>((known, value, at) => {
        const before = known.filter((_, each) => (values[each] ?? 0) < value);
        return [...known.slice(0, at), 1 + Math.max(0, ...before)];
      }, []);
      expect(found.length).toBe(Math.max(0, ...lengths));
    })
  );
});
