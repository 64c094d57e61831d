/** Digits as a UUID groups them; of the last groups some may be left out. */
const DIGITS = /^([0-9a-f]{8})([0-9a-f]{0,4})([0-9a-f]{0,4})([0-9a-f]{0,4})([0-9a-f]{0,12})$/;

/**
 * Reads what somebody calls a request: its id or the first 8 or more digits of it, in any case, with or without dashes.
 *
 * @returns as ids begin, with dashes; null = it is neither.
 */
export function readRequestName(typed: string): string | null {
  const found = DIGITS.exec(typed.trim().toLowerCase().replaceAll('-', ''));
  return found
    ? found
        .slice(1)
        .filter(group => group !== '')
        .join('-')
    : null;
}
