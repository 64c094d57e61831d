import fc from 'fast-check';
import { nextWord, numberAt } from './digits.js';
import { KeyedNumbers } from './keyed-numbers.js';

function at(text: string, start = 0): number {
  const bytes = Buffer.from(text);
  return numberAt(bytes, start, bytes.length);
}

describe('numberAt', () => {
  it('reads any whole number that a kernel writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), value => {
        expect(at(`${value}\n`)).toBe(value);
      })
    );
  });

  it('reads fractions, "max" and the "none" of v1', () => {
    expect(at('12.34 avg60=5')).toBeCloseTo(12.34, 10);
    expect(at('max 100000')).toBe(Infinity);
    expect(at('9223372036854771712')).toBeGreaterThan(2 ** 62);
  });

  it('says NaN where there is no number, and never reads past the end', () => {
    expect(at('')).toBeNaN();
    expect(at('-')).toBeNaN();
    expect(at('kB')).toBeNaN();
    expect(numberAt(Buffer.from('123456'), 0, 3)).toBe(123);
    expect(numberAt(Buffer.from('123456'), 6, 6)).toBeNaN();
  });
});

describe('nextWord', () => {
  it('skips a word and the spaces after it', () => {
    const bytes = Buffer.from('ab  cd\n');
    expect(nextWord(bytes, 0, bytes.length)).toBe(4);
    expect(nextWord(bytes, 4, bytes.length)).toBe(bytes.length);
  });
});

describe('KeyedNumbers', () => {
  const keys = ['anon', 'shmem', 'total_rss', 'MemTotal:'] as const;

  it('finds what a plain parser finds, wherever the lines are', () => {
    const line = fc.tuple(
      fc.constantFrom(...keys, 'ano', 'anonx', 'file', 'total_rss_huge', ''),
      fc.nat(),
      fc.constantFrom(' ', '    ', '\t  ')
    );
    fc.assert(
      fc.property(fc.uniqueArray(line, { selector: ([key]) => key }), lines => {
        const text = Buffer.from(lines.map(([key, value, gap]) => `${key}${gap}${value} kB\n`).join(''));
        const numbers = new KeyedNumbers(keys);
        numbers.parse(text, text.length);
        for (const key of keys) {
          expect(numbers.get(key)).toBe(lines.find(([name]) => name === key)?.[1] ?? null);
        }
      })
    );
  });

  it('does not look past the length: what an earlier, longer file left there is not its own', () => {
    const numbers = new KeyedNumbers(keys);
    const text = Buffer.from('anon 5\nshmem 7\n');
    numbers.parse(text, 'anon 5\n'.length);
    expect(numbers.get('anon')).toBe(5);
    expect(numbers.get('shmem')).toBeNull();
  });

  it('takes any bytes without failing', () => {
    const numbers = new KeyedNumbers(keys);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        numbers.parse(bytes, bytes.length);
      })
    );
  });
});
