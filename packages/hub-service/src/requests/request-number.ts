/** Digits of a request's number, as the researcher and the terminal see it: the first of its id. */
const DIGITS = 8;
const WHOLE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The number of a request. @param id - of it. */
export function numberOf(id: string): string {
  return id.slice(0, DIGITS);
}

/** A request's number, or its whole id, as somebody typed it; null = it is neither. */
export function requestNumber(typed: string): string | null {
  const text = typed.trim().replace(/^#/, '').toLowerCase();
  return /^[0-9a-f]{8}$/.test(text) || WHOLE.test(text) ? text : null;
}

/**
 * Between which ids the requests of a number are, both included: in the order of any collation, because what differs stands at
 * the same places.
 */
export function idsOfNumber(number: string): readonly [first: string, last: string] {
  const rest = (digit: string): string => [4, 4, 4, 12].map(length => `-${digit.repeat(length)}`).join('');
  return number.length > DIGITS ? [number, number] : [number + rest('0'), number + rest('f')];
}
