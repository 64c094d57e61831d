import { readShortReceipt, receiptAt, shortReceipt } from './receipt-short.js';

const HEAD = '8c1f04aa'.padEnd(64, '7');

describe('the short form of a receipt', () => {
  it('names the last record that it covers, and how its hash begins', () => {
    expect(shortReceipt({ first: 3, seq: 7, firstIndex: 1200, head: HEAD })).toBe('1204-8c1f04aa');
    expect(receiptAt(0, HEAD)).toBe('0-8c1f04aa');
  });

  it.each([
    ['1204-8c1f04aa', { index: 1204, head: '8c1f04aa' }],
    [' #1204-8C1F04AA ', { index: 1204, head: '8c1f04aa' }],
    ['1204 – 8c1f04aa77', { index: 1204, head: '8c1f04aa77' }],
    [`0-${HEAD}`, { index: 0, head: HEAD }],
    ['1204', null],
    ['8c1f04aa', null],
    ['1204-8c1f', null],
    ['1204-8c1f04ag', null],
    ['-8c1f04aa', null],
    [`1-${HEAD}0`, null]
  ])('is read from %j', (typed, expected) => {
    expect(readShortReceipt(typed)).toEqual(expected);
  });
});
