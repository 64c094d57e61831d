import { isHighHalf, isLowHalf } from './utf8-bytes.js';

/** How long a text is, in bytes; half of a surrogate pair alone counts 3, as its replacement does. */
export interface ITextSize {
  /** In UTF-8. */
  readonly bytes: number;
  /** As a JSON text, without its quotes. */
  readonly jsonBytes: number;
}

export const EMPTY_TEXT: ITextSize = { bytes: 0, jsonBytes: 0 };

/** The longest of a UTF-16 unit in JSON, in bytes: `\u001b`. */
export const MOST_JSON_BYTES_PER_UNIT = 6;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Control characters with an escape of two bytes: \b \t \n \f \r. */
const SHORT_ESCAPES = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d]);

/** Measures a text in one pass. */
export function textSize(text: string): ITextSize {
  let bytes = text.length;
  let escapes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      if (unit < 0x20 || unit === QUOTE || unit === BACKSLASH) {
        escapes += unit >= 0x20 || SHORT_ESCAPES.has(unit) ? 1 : MOST_JSON_BYTES_PER_UNIT - 1;
      }
    } else if (unit < 0x800) {
      bytes += 1;
    } else {
      // Of a pair, two units are four bytes.
      bytes += 2;
      index += isHighHalf(unit) && isLowHalf(text.charCodeAt(index + 1)) ? 1 : 0;
    }
  }
  return { bytes, jsonBytes: bytes + escapes };
}

/** The size of two texts together. */
export function together(one: ITextSize, other: ITextSize): ITextSize {
  return { bytes: one.bytes + other.bytes, jsonBytes: one.jsonBytes + other.jsonBytes };
}
