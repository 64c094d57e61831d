import {
  BLANK,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  DIGIT,
  MINUS,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE
} from './json-bytes.js';
import { mayEnd, nextPart } from './json-number.js';
import { StringBytes } from './json-string.js';

/** What a JSON value is, as its first byte tells. */
export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'literal';

/** Why bytes are not taken for JSON in UTF-8. */
export type JsonDoubt =
  | 'empty'
  /** A byte order mark: Python refuses it, and so does jupyter_server. */
  | 'byte-order-mark'
  | 'not-json'
  | 'not-utf8'
  | 'too-deep'
  | 'truncated'
  /** Something follows the value. */
  | 'trailing';

/** Is told of the values near the root. `at` counts bytes from the beginning; `depth` is that of the value, root 0. */
export interface IJsonVisitor {
  begin(depth: number, kind: JsonKind, at: number): void;
  /**
   * @param at - the first byte after it.
   * @param number - a number's text; null = it is none, or has `NUMBER_BYTES` or more.
   */
  end(depth: number, at: number, number: string | null): void;
  /** @param key - null = longer than `KEY_BYTES`, or with characters beyond ASCII that are not escaped. */
  key(depth: number, key: string | null, at: number): void;
}

/** More than any key takes that is looked for, were each of its characters written as an escape of six bytes. */
const KEY_BYTES = 128;
/** More than any number takes that is looked for. */
const NUMBER_BYTES = 32;
/** Python's own reader gives up below a thousand; real notebooks stay far under this. */
const MAX_DEPTH = 256;

/** What may come next. */
const VALUE = 0;
const VALUE_OR_END = 1;
const KEY = 2;
const KEY_OR_END = 3;
const AFTER_KEY = 4;
const AFTER_VALUE = 5;
const NOTHING = 6;
const IN_STRING = 7;
const IN_NUMBER = 8;
const IN_LITERAL = 9;

/**
 * Reads JSON in UTF-8 chunk by chunk (RFC 8259, RFC 3629), strictly, without building anything: it tells a visitor
 * where the values near the root are, and stops at the first byte that does not fit.
 */
export class JsonScanner {
  /** @param depth - values down to this depth are told. */
  constructor(
    private readonly visitor: IJsonVisitor,
    private readonly depth: number
  ) {}

  /** Why the bytes are no JSON, and at which byte; null = no reason so far. */
  doubt: { readonly reason: JsonDoubt; readonly atByte: number } | null = null;

  /** Takes the next bytes. @returns whether more are of use. */
  push(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length && this.doubt === null) {
      switch (this.state) {
        case IN_STRING:
          at = this.string(chunk, at);
          break;
        case IN_NUMBER:
          at = this.number(chunk, at);
          break;
        case IN_LITERAL:
          at = this.literal(chunk, at);
          break;
        default:
          at = this.structure(chunk, at);
      }
    }
    this.offset += chunk.length;
    return this.doubt === null;
  }

  /** There are no more bytes. */
  end(): void {
    if (this.state === IN_NUMBER && this.level === 0 && this.doubt === null) {
      this.endNumber(this.offset);
    }
    if (this.state !== NOTHING) {
      this.fail(this.begun ? 'truncated' : 'empty', this.offset);
    }
  }

  /** Blanks, and one byte between values. */
  private structure(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length && BLANK[chunk[at] ?? 0] === 1) {
      at += 1;
    }
    if (at === chunk.length) {
      return at;
    }
    this.between(chunk[at] ?? 0, this.offset + at);
    // Numbers and words begin with this byte.
    return this.state === IN_NUMBER || this.state === IN_LITERAL ? at : at + 1;
  }

  private between(byte: number, at: number): void {
    if (this.state === VALUE_OR_END && byte === CLOSE_LIST) {
      this.close(at);
    } else if (this.state === VALUE || this.state === VALUE_OR_END) {
      this.value(byte, at);
    } else if (this.state === KEY_OR_END && byte === CLOSE_OBJECT) {
      this.close(at);
    } else if ((this.state === KEY || this.state === KEY_OR_END) && byte === QUOTE) {
      this.key(at);
    } else if (this.state === AFTER_KEY && byte === COLON) {
      this.state = VALUE;
    } else if (this.state === AFTER_VALUE && byte === COMMA) {
      this.state = this.inObject ? KEY : VALUE;
    } else if (this.state === AFTER_VALUE && byte === (this.inObject ? CLOSE_OBJECT : CLOSE_LIST)) {
      this.close(at);
    } else {
      this.fail(this.state === NOTHING ? 'trailing' : 'not-json', at);
    }
  }

  private value(byte: number, at: number): void {
    if (byte === QUOTE) {
      this.begin('string', at);
      this.state = IN_STRING;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      this.open(byte === OPEN_OBJECT, at);
    } else if (byte === MINUS || DIGIT[byte] === 1) {
      this.begin('number', at);
      this.part = 0;
      this.numberText = '';
      this.state = IN_NUMBER;
    } else {
      const word = byte === 0x74 ? 'true' : byte === 0x66 ? 'false' : byte === 0x6e ? 'null' : null;
      if (word === null) {
        // EF BB BF is the mark in UTF-8; FE FF and FF FE begin UTF-16.
        const mark = at === 0 && (byte === 0xef || byte === 0xfe || byte === 0xff);
        this.fail(mark ? 'byte-order-mark' : 'not-json', at);
        return;
      }
      this.begin('literal', at);
      this.word = word;
      this.wordAt = 0;
      this.state = IN_LITERAL;
    }
  }

  private key(at: number): void {
    this.inKey = true;
    this.keyAt = at;
    this.keyBytes = this.level <= this.depth ? [] : null;
    this.state = IN_STRING;
  }

  private open(isObject: boolean, at: number): void {
    this.begin(isObject ? 'object' : 'array', at);
    if (this.level === MAX_DEPTH) {
      this.fail('too-deep', at);
      return;
    }
    this.objects[this.level] = isObject ? 1 : 0;
    this.level += 1;
    this.inObject = isObject;
    this.state = isObject ? KEY_OR_END : VALUE_OR_END;
  }

  private close(at: number): void {
    this.level -= 1;
    this.inObject = this.level > 0 && this.objects[this.level - 1] === 1;
    this.finish(at + 1, null);
  }

  private begin(kind: JsonKind, at: number): void {
    this.begun = true;
    if (this.level <= this.depth) {
      this.visitor.begin(this.level, kind, at);
    }
  }

  private finish(at: number, number: string | null): void {
    this.state = this.level === 0 ? NOTHING : AFTER_VALUE;
    if (this.level <= this.depth) {
      this.visitor.end(this.level, at, number);
    }
  }

  private string(chunk: Uint8Array, from: number): number {
    const at = this.text.read(chunk, from);
    if (this.keyBytes !== null) {
      // One more than is looked for tells that it is longer.
      this.keyBytes.push(...chunk.subarray(from, Math.min(at, from + KEY_BYTES + 1)));
    }
    if (this.text.mistake !== null) {
      this.fail(this.text.mistake, this.offset + at);
    } else if (this.text.closed && this.inKey) {
      this.endKey();
    } else if (this.text.closed) {
      this.finish(this.offset + at, null);
    }
    return at;
  }

  private endKey(): void {
    this.inKey = false;
    this.state = AFTER_KEY;
    if (this.keyBytes !== null) {
      this.visitor.key(this.level, keyText(this.keyBytes), this.keyAt);
      this.keyBytes = null;
    }
  }

  private number(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length) {
      const next = nextPart(this.part, chunk[at] ?? 0);
      if (next === 0) {
        break;
      }
      this.part = next;
      at += 1;
    }
    if (this.level <= this.depth) {
      this.numberText += String.fromCharCode(...chunk.subarray(from, Math.min(at, from + NUMBER_BYTES)));
    }
    if (at < chunk.length) {
      this.endNumber(this.offset + at);
    }
    return at;
  }

  private endNumber(at: number): void {
    if (mayEnd(this.part)) {
      const told = this.level <= this.depth && this.numberText.length < NUMBER_BYTES;
      this.finish(at, told ? this.numberText : null);
    } else {
      this.fail('not-json', at);
    }
  }

  private literal(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length && this.wordAt < this.word.length) {
      if (chunk[at] !== this.word.charCodeAt(this.wordAt)) {
        this.fail('not-json', this.offset + at);
        return at;
      }
      at += 1;
      this.wordAt += 1;
    }
    if (this.wordAt === this.word.length) {
      this.finish(this.offset + at, null);
    }
    return at;
  }

  private fail(reason: JsonDoubt, atByte: number): void {
    this.doubt ??= { reason, atByte };
  }

  private state = VALUE;
  /** Bytes of the chunks before this one. */
  private offset = 0;
  private begun = false;
  /** How many lists and objects are open. */
  private level = 0;
  /** Of each that is open: 1 = object. */
  private readonly objects = new Uint8Array(MAX_DEPTH);
  private inObject = false;
  private readonly text = new StringBytes();
  private inKey = false;
  private keyAt = 0;
  /** The key's bytes and its closing quote, where it is to be told. */
  private keyBytes: number[] | null = null;
  private part = 0;
  private numberText = '';
  private word = '';
  private wordAt = 0;
}

function keyText(bytes: readonly number[]): string | null {
  if (bytes.length > KEY_BYTES || bytes.some(byte => byte >= 0x80)) {
    return null;
  }
  const key: unknown = JSON.parse(`"${String.fromCharCode(...bytes)}`);
  return String(key);
}
