import * as fc from 'fast-check';
import { Findings } from './findings.js';
import { IndexOrder } from './index-order.js';

function found(indexes: readonly number[], first = 0, end = indexes.length): string[] {
  const findings = new Findings();
  const order = new IndexOrder(first, true, findings);
  indexes.forEach(index => order.next(index));
  order.finish(end);
  return findings.list.map(({ what }) => what);
}

describe('the order of indexes', () => {
  it.each([
    [[0, 1, 2, 3], []],
    [[0, 2, 3], ['Missing from the log: record 1.']],
    [[0, 3, 4], ['Missing from the log: records 1 to 2.']],
    [[0, 2, 1, 3], ['Records 1 and 2 are swapped.']],
    [[1, 0, 2], ['Records 0 and 1 are swapped.']],
    [[0, 1, 1, 2], ['Record 1 stands after record 1, where it does not belong.']],
    [[0, 9, 1, 2], ['Record 9 stands before record 1, where it does not belong.']],
    [[0, 9, 2, 3], ['Where record 1 belongs stands one that says 9.']],
    [[0, 1], []],
    [[0, 5], ['Missing from the log: records 1 to 4.']],
    [
      [0, 2, 4, 5],
      ['Missing from the log: record 1.', 'Missing from the log: record 3.']
    ]
  ])('%j', (indexes, sentences) => {
    expect(found(indexes, 0, Math.max(...indexes) + 1 > 8 ? 3 : Math.max(...indexes) + 1)).toEqual(sentences);
  });

  it('tells of a missing end', () => {
    expect(found([0, 1], 0, 4)).toEqual(['The end of the range is missing: records 2 to 3.']);
    expect(found([], 5, 6)).toEqual(['The end of the range is missing: record 5.']);
  });

  it('finds something in every order but the right one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(12), { maxLength: 14 }), indexes => {
        const isRight = indexes.every((index, i) => index === i);
        expect(found(indexes).length > 0).toBe(!isRight);
      }),
      { numRuns: 3000 }
    );
  });
});
