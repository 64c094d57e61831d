import { codeOf } from '../failure.js';

/** SQLite's primary result codes for values that it does not take: TOOBIG, CONSTRAINT, MISMATCH, RANGE (sqlite.org/rescode). */
const SQLITE_CODES = [18, 19, 20, 25];

/** Whether the database refused what it was given, rather than being away, busy or full. */
export function isDataError(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) {
    return true;
  }
  if (
    typeof error === 'object' &&
    error !== null &&
    'errcode' in error &&
    typeof error.errcode === 'number'
  ) {
    return SQLITE_CODES.includes(error.errcode & 0xff);
  }
  // Classes of SQLSTATE: data exception, integrity constraint violation, program limit exceeded.
  return /^(22|23|54)[0-9A-Z]{3}$/.test(codeOf(error) ?? '');
}

/** Whether PostgreSQL rolled a transaction back only because of another one. */
export function isDeadlock(error: unknown): boolean {
  return ['40P01', '40001'].includes(codeOf(error) ?? '');
}
