import { CAPITAL_E, DIGIT, MINUS, PLUS, POINT, SMALL_E, ZERO } from './json-bytes.js';

/** How far a number has been read; 0 = not at all. */
const AFTER_MINUS = 1;
const AFTER_ZERO = 2;
const IN_INTEGER = 3;
const AFTER_POINT = 4;
const IN_FRACTION = 5;
const AFTER_E = 6;
const AFTER_SIGN = 7;
const IN_EXPONENT = 8;

/** Whether a number may end after this part. */
export function mayEnd(part: number): boolean {
  return part === AFTER_ZERO || part === IN_INTEGER || part === IN_FRACTION || part === IN_EXPONENT;
}

/** The part of a number that a byte goes on with (RFC 8259, section 6); 0 = the byte does not belong to the number. */
export function nextPart(part: number, byte: number): number {
  if (DIGIT[byte] === 1) {
    return afterDigit(part, byte);
  }
  switch (byte) {
    case MINUS:
      return part === 0 ? AFTER_MINUS : part === AFTER_E ? AFTER_SIGN : 0;
    case PLUS:
      return part === AFTER_E ? AFTER_SIGN : 0;
    case POINT:
      return part === AFTER_ZERO || part === IN_INTEGER ? AFTER_POINT : 0;
    case SMALL_E:
    case CAPITAL_E:
      return part === AFTER_ZERO || part === IN_INTEGER || part === IN_FRACTION ? AFTER_E : 0;
    default:
      return 0;
  }
}

function afterDigit(part: number, byte: number): number {
  switch (part) {
    case 0:
    case AFTER_MINUS:
      return byte === ZERO ? AFTER_ZERO : IN_INTEGER;
    case AFTER_ZERO:
      return 0;
    case AFTER_POINT:
      return IN_FRACTION;
    case AFTER_E:
    case AFTER_SIGN:
      return IN_EXPONENT;
    default:
      return part;
  }
}
