const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NINE = 0x39;
/** More digits than any safe integer has. */
const DIGITS = 16;
/** A name of the service's own (a UUID) is at most so long. */
const NAME_BYTES = 64;

/** Which bytes are meant: 1 at the place of each. */
export type ByteSet = Uint8Array;

/** Letters, digits and the hyphen: what UUIDs are made of, and all of it is itself in JSON. */
export const NAME_PARTS = bytesIn(/[0-9A-Za-z-]/);
/** What base64 is made of (RFC 4648 §4). */
export const BASE64_PARTS = bytesIn(/[0-9A-Za-z+/=]/);
/** What stands in a JSON text for itself: no control characters (RFC 8259 §7). A byte of UTF-8 counts alone. */
const PLAIN = bytesIn(/[^\0-\x1f"\\]/);
/** What may follow a backslash, but for the four digits of `u`. */
const ESCAPES = bytesIn(/["\\/bfnrt]/);
const HEX_DIGITS = bytesIn(/[0-9A-Fa-f]/);
const UNICODE = 0x75;

function bytesIn(characters: RegExp): ByteSet {
  return Uint8Array.from({ length: 256 }, (_, byte) => (characters.test(String.fromCharCode(byte)) ? 1 : 0));
}

/** Bytes of a text of ASCII characters. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0));
}

/**
 * Reads a line of known form from the front, piece by piece; what does not fit makes `ok` false for good, and then every
 * answer means nothing. Makes no text: this runs for every record of a log.
 */
export class ByteReader {
  at = 0;
  ok = true;

  constructor(readonly bytes: Uint8Array) {}

  /** Whether exactly these bytes come next; they are passed if so, and if not, nothing is. */
  has(literal: Uint8Array): boolean {
    const { bytes, at } = this;
    for (let i = 0; i < literal.length; i++) {
      if (bytes[at + i] !== literal[i]) {
        return false;
      }
    }
    this.at += literal.length;
    return true;
  }

  /** These bytes have to come next. */
  expect(literal: Uint8Array): void {
    this.ok = this.has(literal) && this.ok;
  }

  /** A whole number from 0 on, as canonical JSON writes it. */
  number(): number {
    const from = this.at;
    let value = 0;
    for (let byte = this.bytes[this.at]; isDigit(byte); byte = this.bytes[this.at]) {
      value = value * 10 + byte - ZERO;
      this.at += 1;
    }
    const digits = this.at - from;
    const isLeading = digits > 1 && this.bytes[from] === ZERO;
    this.ok &&= digits > 0 && digits <= DIGITS && !isLeading && Number.isSafeInteger(value);
    return value;
  }

  /** A JSON text with its quotes. */
  text(): Uint8Array {
    const from = this.at;
    this.ok &&= this.bytes[from] === QUOTE;
    let at = from + 1;
    while (this.ok && this.bytes[at] !== QUOTE) {
      const length = characterLength(this.bytes, at);
      this.ok = length > 0;
      at += length;
    }
    this.at = at + 1;
    return this.bytes.subarray(from, this.at);
  }

  /** What is between this place and the next quote. @param parts - which bytes may be there. */
  quoted(parts: ByteSet): Uint8Array {
    const { bytes } = this;
    this.ok &&= bytes[this.at] === QUOTE;
    const from = this.at + 1;
    let to = from;
    while (hasByte(parts, bytes[to])) {
      to += 1;
    }
    this.ok &&= bytes[to] === QUOTE;
    this.at = to + 1;
    return bytes.subarray(from, to);
  }

  /** A name of the service's own. */
  name(): Uint8Array {
    const name = this.quoted(NAME_PARTS);
    this.ok &&= name.length <= NAME_BYTES;
    return name;
  }
}

/** Where the quote before a name begins whose closing quote is at `end`; -1 = there is no such name. */
export function nameBefore(bytes: Uint8Array, end: number): number {
  if (bytes[end] !== QUOTE) {
    return -1;
  }
  for (let at = end - 1; at >= 0 && end - at <= NAME_BYTES + 1; at--) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      return at;
    }
    if (!hasByte(NAME_PARTS, byte)) {
      return -1;
    }
  }
  return -1;
}

/** Where the digits begin that end before `end`. */
export function digitsBefore(bytes: Uint8Array, end: number): number {
  let at = end;
  while (end - at < DIGITS && isDigit(bytes[at - 1])) {
    at -= 1;
  }
  return at;
}

/** Whether these bytes stand right before `end`. */
export function standsBefore(bytes: Uint8Array, end: number, literal: Uint8Array): boolean {
  const from = end - literal.length;
  for (let i = 0; i < literal.length; i++) {
    if (bytes[from + i] !== literal[i]) {
      return false;
    }
  }
  return true;
}

/** Bytes of what comes next inside a JSON text, an escape as a whole; 0 = that may not stand there. */
function characterLength(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== BACKSLASH) {
    return hasByte(PLAIN, bytes[at]) ? 1 : 0;
  }
  if (bytes[at + 1] !== UNICODE) {
    return hasByte(ESCAPES, bytes[at + 1]) ? 2 : 0;
  }
  return [2, 3, 4, 5].every(digit => hasByte(HEX_DIGITS, bytes[at + digit])) ? 6 : 0;
}

function hasByte(set: ByteSet, byte: number | undefined): boolean {
  return byte !== undefined && set[byte] === 1;
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
