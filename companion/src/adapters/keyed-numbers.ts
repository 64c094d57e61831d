import { numberAt } from './digits.js';

const NEWLINE = 10;
const SPACE = 32;
const TAB = 9;

/**
 * Takes a few numbers out of a file of lines `key value` (`memory.stat`, `cpu.stat`, `/proc/meminfo`), in one pass
 * over its bytes and without making strings: such a file is read once a second for as long as a server lives.
 */
export class KeyedNumbers<K extends string> {
  /**
   * @param keys - the first words of the lines wanted, as written (`MemTotal:` with its colon).
   */
  constructor(keys: readonly K[]) {
    this.values = new Float64Array(keys.length).fill(NaN);
    keys.forEach((key, index) => {
      const bytes = Buffer.from(key, 'latin1');
      this.wanted.push(bytes);
      this.indexOf.set(key, index);
      this.byHash.set(hash(bytes), index);
    });
    if (this.byHash.size !== keys.length) {
      throw new Error(`Two of these keys have one hash: ${keys.join(', ')}`);
    }
  }

  /** Reads the lines in `bytes`; a key that is not there is null afterwards. */
  parse(bytes: Uint8Array, length: number): void {
    this.values.fill(NaN);
    let missing = this.wanted.length;
    let at = 0;
    while (at < length && missing > 0) {
      const start = at;
      let sum = 0;
      for (let byte = bytes[at] ?? NEWLINE; at < length && !isGap(byte) && byte !== NEWLINE;) {
        sum = (Math.imul(sum, 31) + byte) | 0;
        at += 1;
        byte = bytes[at] ?? NEWLINE;
      }
      const index = this.byHash.get(sum);
      if (index !== undefined && this.matches(index, bytes, start, at)) {
        while (at < length && isGap(bytes[at] ?? NEWLINE)) {
          at += 1;
        }
        this.values[index] = numberAt(bytes, at, length);
        missing -= 1;
      }
      while (at < length && bytes[at] !== NEWLINE) {
        at += 1;
      }
      at += 1;
    }
  }

  /** Forgets everything: the file could not be read. */
  clear(): void {
    this.values.fill(NaN);
  }

  /** The number of `key` in what was parsed last; null = the line is not there or holds no number. */
  get(key: K): number | null {
    const value = this.values[this.indexOf.get(key) ?? -1] ?? NaN;
    return Number.isNaN(value) ? null : value;
  }

  private matches(index: number, bytes: Uint8Array, start: number, end: number): boolean {
    const key = this.wanted[index];
    if (key === undefined || key.length !== end - start) {
      return false;
    }
    for (let at = 0; at < key.length; at += 1) {
      if (key[at] !== bytes[start + at]) {
        return false;
      }
    }
    return true;
  }

  private readonly values: Float64Array;
  private readonly wanted: Buffer[] = [];
  private readonly indexOf = new Map<K, number>();
  private readonly byHash = new Map<number, number>();
}

function isGap(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

function hash(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) {
    sum = (Math.imul(sum, 31) + byte) | 0;
  }
  return sum;
}
