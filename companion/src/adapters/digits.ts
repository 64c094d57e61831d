const ZERO = 48;
const NINE = 57;
const MINUS = 45;
const DOT = 46;
const M = 109;
const NEWLINE = 10;
const SPACE = 32;

/**
 * The number that begins at `start`: decimal, with sign and fraction where there is one; `max` is Infinity, as
 * control groups write "no limit"; anything else is NaN. Reads bytes, makes no string.
 */
export function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const first = at < end ? bytes[at] : undefined;
  if (first === M) {
    return Infinity;
  }
  const negative = first === MINUS;
  if (negative) {
    at += 1;
  }
  const begin = at;
  let value = 0;
  let scale = 0;
  for (; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= ZERO && byte <= NINE) {
      value = value * 10 + (byte - ZERO);
      scale *= 10;
    } else if (byte === DOT && scale === 0) {
      scale = 1;
    } else {
      break;
    }
  }
  if (at === begin) {
    return NaN;
  }
  const size = scale > 1 ? value / scale : value;
  return negative ? -size : size;
}

/** Where the next word begins after the word at `start`; `end` when there is none. */
export function nextWord(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SPACE && bytes[at] !== NEWLINE) {
    at += 1;
  }
  while (at < end && (bytes[at] === SPACE || bytes[at] === NEWLINE)) {
    at += 1;
  }
  return at;
}
