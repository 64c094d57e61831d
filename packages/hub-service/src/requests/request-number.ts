/** Digits of a request's number, as the researcher and the terminal see it: the first of its id. */
const DIGITS = 8;
/** Digits as a UUID groups them; of the last groups some may be left out. */
const GROUPS = /^([0-9a-f]{8})([0-9a-f]{0,4})([0-9a-f]{0,4})([0-9a-f]{0,4})([0-9a-f]{0,12})$/;

/** The number of a request. @param id - of it. */
export function numberOf(id: string): string {
  return id.slice(0, DIGITS);
}

/**
 * Reads what somebody calls a request: its number, its id, or the first 8 or more digits of it, in any case, with or without
 * dashes.
 *
 * @returns as ids begin, with dashes; null = it is neither.
 */
export function requestNumber(typed: string): string | null {
  const found = GROUPS.exec(typed.trim().replace(/^#/, '').toLowerCase().replaceAll('-', ''));
  return found
    ? found
        .slice(1)
        .filter(group => group !== '')
        .join('-')
    : null;
}

/**
 * Between which ids the requests of a number are, both included: in the order of any collation, because what differs stands at
 * the same places.
 *
 * @param number - as `requestNumber` gives it.
 */
export function idsOfNumber(number: string): readonly [first: string, last: string] {
  const filled = (digit: string): string =>
    number +
    [8, 4, 4, 4, 12]
      .map(length => digit.repeat(length))
      .join('-')
      .slice(number.length);
  return [filled('0'), filled('f')];
}
