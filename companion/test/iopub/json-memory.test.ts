import fc from 'fast-check';
import { memoryBytes } from '../../src/iopub/json-memory.js';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

/** Values of a JSON text, counted in the parsed value as the reader counts them in the text. */
function values(value: unknown): number {
  if (typeof value !== 'object' || value === null) {
    return 0;
  }
  const inside = Array.isArray(value) ? value : Object.values(value);
  return Math.max(1, inside.length) + inside.reduce<number>((sum, each) => sum + values(each), 0);
}

describe('what JSON takes in memory', () => {
  it('is its length and the number of its values, whatever its texts hold', () => {
    const padding = 'p'.repeat(5000);
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }),
        fc.constantFrom('"', '\\', '\\"', ',[{'),
        (value, odd) => {
          const json = bytes([padding, odd, value, odd]);
          expect(memoryBytes(json)).toBe(json.length + 24 * values([padding, odd, value, odd]));
        }
      ),
      { numRuns: 500 }
    );
  });

  it('is not looked into where it is short', () => {
    expect(memoryBytes(bytes([[[]]]))).toBe(6);
  });

  it('ends with a text that does not', () => {
    const torn = Buffer.from(`["${'x'.repeat(5000)}\\"`);
    expect(memoryBytes(torn)).toBe(torn.length + 24);
  });
});
