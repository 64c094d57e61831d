import fc from 'fast-check';
import { wholeRanges } from './whole-ranges.js';

it('puts together what lies together, and ends at each border', () => {
  expect(wholeRanges([1, 2, 3, 5, 6, 9], [0, 3, 6])).toEqual([
    [1, 3],
    [3, 4],
    [5, 6],
    [6, 7],
    [9, 10]
  ]);
  expect(wholeRanges([], [0])).toEqual([]);
});

it('has each index once, in order, and none over a border', () => {
  const rising = fc.uniqueArray(fc.nat(60), { maxLength: 40 }).map(list => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(rising, rising, (indexes, borders) => {
      const ranges = wholeRanges(indexes, borders);
      expect(ranges.flatMap(([first, end]) => indexes.filter(one => one >= first && one < end))).toEqual(
        indexes
      );
      expect(ranges.reduce((sum, [first, end]) => sum + end - first, 0)).toBe(indexes.length);
      for (const [first, end] of ranges) {
        expect(borders.filter(border => border > first && border < end)).toEqual([]);
      }
    })
  );
});
