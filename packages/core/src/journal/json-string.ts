import { BACKSLASH, ESCAPED, HEX, PLAIN, QUOTE, SMALL_U } from './json-bytes.js';

/** What an escape lacks: the byte after the backslash; less = that many hexadecimal digits. */
const AFTER_BACKSLASH = 5;

/** Reads the bytes of one string after another, each from after its opening quote, in chunks that end anywhere. */
export class StringBytes {
  /** Whether the last call met the closing quote. */
  closed = false;
  /** The mistake at the byte where the last call stopped; null = none. */
  mistake: 'not-json' | 'not-utf8' | null = null;

  /** Reads on. @returns the place after the closing quote, that of a mistake, or the end of the chunk. */
  read(chunk: Uint8Array, from: number): number {
    const { length } = chunk;
    let at = from;
    this.closed = false;
    for (;;) {
      if (this.escape === 0 && this.missing === 0) {
        while (at < length && PLAIN[chunk[at] ?? 0] === 1) {
          at += 1;
        }
      }
      if (at >= length) {
        return length;
      }
      const byte = chunk[at] ?? 0;
      if (this.missing === 0 && this.escape === 0 && byte === QUOTE) {
        this.closed = true;
        return at + 1;
      }
      this.mistake = this.take(byte);
      if (this.mistake !== null) {
        return at;
      }
      at += 1;
    }
  }

  /** A byte of an escape or of a character of several bytes. */
  private take(byte: number): 'not-json' | 'not-utf8' | null {
    if (this.missing > 0) {
      if (byte < this.lowest || byte > this.highest) {
        return 'not-utf8';
      }
      this.missing -= 1;
      this.lowest = 0x80;
      this.highest = 0xbf;
      return null;
    }
    if (this.escape === AFTER_BACKSLASH) {
      this.escape = byte === SMALL_U ? 4 : 0;
      return ESCAPED[byte] === 1 ? null : 'not-json';
    }
    if (this.escape > 0) {
      this.escape -= 1;
      return HEX[byte] === 1 ? null : 'not-json';
    }
    if (byte === BACKSLASH) {
      this.escape = AFTER_BACKSLASH;
      return null;
    }
    return byte < 0x20 ? 'not-json' : this.lead(byte);
  }

  /** The first byte of a character of several: between what the next must be (RFC 3629, section 4). */
  private lead(byte: number): 'not-utf8' | null {
    if (byte < 0xc2 || byte > 0xf4) {
      return 'not-utf8';
    }
    this.missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.lowest = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.highest = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    return null;
  }

  private escape = 0;
  /** Bytes that a character lacks, and between what the next must be. */
  private missing = 0;
  private lowest = 0;
  private highest = 0;
}
