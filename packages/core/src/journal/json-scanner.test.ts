import fc from 'fast-check';
import { JsonScanner, type IJsonVisitor, type JsonKind } from './json-scanner.js';
import { brokenText, object, UTF8 } from './journal.test.data.js';

/** Notes every value that it is told of, as the bytes it is said to be. */
class Notes implements IJsonVisitor {
  readonly values: {
    readonly depth: number;
    readonly kind: JsonKind;
    readonly from: number;
    to: number;
    number: string | null;
  }[] = [];
  readonly keys: (string | null)[] = [];

  begin(depth: number, kind: JsonKind, at: number): void {
    this.open.push(this.values.length);
    this.values.push({ depth, kind, from: at, to: at, number: null });
  }

  end(depth: number, at: number, number: string | null): void {
    const value = this.values[this.open.pop() ?? -1];
    expect(value?.depth).toBe(depth);
    if (value) {
      value.to = at;
      value.number = number;
    }
  }

  key(_depth: number, key: string | null): void {
    this.keys.push(key);
  }

  private readonly open: number[] = [];
}

function scanned(bytes: Uint8Array, chunkBytes = bytes.length || 1, depth = 3) {
  const notes = new Notes();
  const scanner = new JsonScanner(notes, depth);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    scanner.push(bytes.subarray(at, at + chunkBytes));
  }
  scanner.end();
  return { notes, doubt: scanner.doubt };
}

/** What the platform's own reader says: the value, or that there is none. */
function read(bytes: Uint8Array): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(UTF8.decode(bytes)) };
  } catch {
    // No JSON, or no UTF-8: the answer that is asked for.
    return null;
  }
}

const layouts = fc.constantFrom<string | number>(0, 1, '\t\r\n ');
const jsonBytes = fc.tuple(object, layouts, fc.boolean()).map(([value, space, ascii]) => {
  const text = JSON.stringify(value, null, space);
  return Buffer.from(
    ascii
      ? text.replace(/[^\x00-\x7f]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      : text
  );
});

describe('the JSON scanner', () => {
  it.each([
    ['', 'empty', 0],
    [' \n', 'empty', 2],
    ['\ufeff{}', 'byte-order-mark', 0],
    ['{', 'truncated', 1],
    ['{"a"', 'truncated', 4],
    ['{"a": "b', 'truncated', 8],
    ['["\\', 'truncated', 3],
    ['["\\u12', 'truncated', 6],
    ['[1', 'truncated', 2],
    ['-', 'not-json', 1],
    ['tru', 'truncated', 3],
    ['{} x', 'trailing', 3],
    ['{}{}', 'trailing', 2],
    ['[]]', 'trailing', 2],
    ['1 2', 'trailing', 2],
    ['{"a" 1}', 'not-json', 5],
    ['{a: 1}', 'not-json', 1],
    ['{"a": 1,}', 'not-json', 8],
    ['{,}', 'not-json', 1],
    ['{"a": 1]', 'not-json', 7],
    ['[1}', 'not-json', 2],
    ['[1,]', 'not-json', 3],
    ['[,1]', 'not-json', 1],
    ['[1 2]', 'not-json', 3],
    ['{1: 2}', 'not-json', 1],
    ["['a']", 'not-json', 1],
    ['["a\nb"]', 'not-json', 3],
    ['["a\x1fb"]', 'not-json', 3],
    ['["\\x"]', 'not-json', 3],
    ['["\\u12g4"]', 'not-json', 6],
    ['[NaN]', 'not-json', 1],
    ['[Infinity]', 'not-json', 1],
    ['[-Infinity]', 'not-json', 2],
    ['[nulll]', 'not-json', 5],
    ['[truf]', 'not-json', 4],
    ['[01]', 'not-json', 2],
    ['[1.]', 'not-json', 3],
    ['[.5]', 'not-json', 1],
    ['[+1]', 'not-json', 1],
    ['[1e]', 'not-json', 3],
    ['[1e+]', 'not-json', 4],
    ['[1-1]', 'not-json', 2],
    ['[--1]', 'not-json', 2],
    ['/* a */ {}', 'not-json', 0],
    ['\u00a0{}', 'not-json', 0],
    ['\x00\x00\x00\x00', 'not-json', 0],
    ['}', 'not-json', 0],
    ['['.repeat(257), 'too-deep', 256]
  ])('of %j says %s at byte %i, however it is cut', (text, reason, atByte) => {
    for (const chunkBytes of [1, 2, 3, 1000]) {
      expect(scanned(Buffer.from(text), chunkBytes).doubt).toEqual({ reason, atByte });
    }
  });

  it.each([
    [[0x22, 0x80, 0x22], 1],
    [[0x22, 0xc3, 0x22], 2],
    [[0x22, 0xc0, 0xaf, 0x22], 1],
    [[0x22, 0xe0, 0x80, 0x80, 0x22], 2],
    [[0x22, 0xed, 0xa0, 0x80, 0x22], 2],
    [[0x22, 0xf0, 0x80, 0x80, 0x80, 0x22], 2],
    [[0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], 2],
    [[0x22, 0xf5, 0x80, 0x80, 0x80, 0x22], 1],
    [[0x22, 0xe5, 0xad, 0x22], 3]
  ])('of the bytes %j says not-utf8 at byte %i', (bytes, atByte) => {
    for (const chunkBytes of [1, 2, 1000]) {
      expect(scanned(Buffer.from(bytes), chunkBytes).doubt).toEqual({ reason: 'not-utf8', atByte });
    }
  });

  it('of UTF-16 says that it has a mark', () => {
    expect(scanned(Buffer.from('\ufeff{}', 'utf16le')).doubt).toEqual({
      reason: 'byte-order-mark',
      atByte: 0
    });
  });

  it('takes 256 levels', () => {
    expect(scanned(Buffer.from('['.repeat(256) + ']'.repeat(256))).doubt).toBeNull();
  });

  it('agrees with JSON.parse on all JSON, and tells where each value near the root is', () => {
    fc.assert(
      fc.property(jsonBytes, fc.integer({ min: 1, max: 9 }), (bytes, chunkBytes) => {
        const { notes, doubt } = scanned(bytes, chunkBytes);
        expect(doubt).toBeNull();
        const told = notes.values.map(({ from, to }) => read(bytes.subarray(from, to))?.value);
        const within: unknown[] = [];
        const keys: string[] = [];
        const walk = (value: unknown, depth: number): void => {
          within.push(value);
          if (depth < 3 && typeof value === 'object' && value !== null) {
            for (const [key, item] of Object.entries(value)) {
              keys.push(...(Array.isArray(value) ? [] : [key]));
              walk(item, depth + 1);
            }
          }
        };
        walk(read(bytes)?.value, 0);
        // Keys like numbers come first in JavaScript, so the order may differ.
        const sorted = (values: readonly unknown[]): string[] =>
          values.map(value => JSON.stringify(value)).sort();
        expect(sorted(told)).toEqual(sorted(within));
        const known = keys.filter(key => /^[\x00-\x7f]*$/.test(key));
        expect(sorted(notes.keys.filter(key => key !== null && /^[\x00-\x7f]*$/.test(key)))).toEqual(
          sorted(known)
        );
      }),
      { numRuns: 500 }
    );
  });

  it('agrees with JSON.parse on what is nearly JSON', () => {
    let bad = 0;
    const damage = fc.array(fc.tuple(fc.nat(400), fc.constantFrom('cut', 'set', 'add'), fc.nat(255)), {
      minLength: 1,
      maxLength: 3
    });
    fc.assert(
      fc.property(jsonBytes, damage, fc.integer({ min: 1, max: 9 }), (whole, changes, chunkBytes) => {
        let bytes = whole;
        for (const [place, how, byte] of changes) {
          const at = place % (bytes.length + 1);
          const tail = bytes.subarray(how === 'add' ? at : at + 1);
          bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(how === 'cut' ? [] : [byte]), tail]);
        }
        const { doubt } = scanned(bytes, chunkBytes);
        expect(doubt === null).toBe(read(bytes) !== null);
        bad += doubt === null ? 0 : 1;
      }),
      { numRuns: 3000 }
    );
    expect(bad).toBeGreaterThan(1000);
  });

  it('says the same however the bytes are cut', () => {
    fc.assert(
      fc.property(jsonBytes, brokenText, (whole, more) => {
        const bytes = Buffer.concat([whole, Buffer.from(more)]);
        const once = scanned(bytes);
        for (const chunkBytes of [1, 2, 3, 7]) {
          const { notes, doubt } = scanned(bytes, chunkBytes);
          expect([notes.values, notes.keys, doubt]).toEqual([once.notes.values, once.notes.keys, once.doubt]);
        }
      })
    );
  });

  it('gives the text of numbers, unless they are longer than any that is looked for', () => {
    const numbers = ['0', '-1', '4.0', '1e5', `1.${'0'.repeat(40)}`];
    for (const chunkBytes of [1, 5, 1000]) {
      const { notes } = scanned(Buffer.from(`[${numbers.join(', ')}]`), chunkBytes);
      expect(notes.values.slice(1).map(({ number }) => number)).toEqual(['0', '-1', '4.0', '1e5', null]);
    }
  });

  it('gives keys that are escaped, and none that nobody looks for', () => {
    const longest = 'k'.repeat(127);
    const text = `{"\\u0063ells": 1, "é": 2, "${longest}k": 3, "${longest.repeat(9)}": 4, "a\\nb": 5, "${longest}": 6}`;
    for (const chunkBytes of [1, 5, 127, 5000]) {
      const { notes } = scanned(Buffer.from(text), chunkBytes);
      expect(notes.keys).toEqual(['cells', null, null, null, 'a\nb', longest]);
    }
  });
});
