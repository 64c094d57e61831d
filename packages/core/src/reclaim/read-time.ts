const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:Z|z|([+-])(\d\d):?(\d\d))$/;
/** RFC 9110's date, which Azure writes, and the same without a day of the week, which AWS writes. */
const NAMED = /^(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC)$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * The time of an ISO text such as `2026-11-24T17:11:44Z` or `2026-11-24 18:11+01:00`, in ms since the Unix epoch;
 * null = it is none. A text without a zone is none either: it would mean another moment on every machine. A day that
 * the month does not have is none: `Date.parse` would roll it over.
 */
export function readIsoTime(text: string): number | null {
  const match = ISO.exec(text);
  if (!match) {
    return null;
  }
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHours, zoneMinutes] = match;
  const local = momentMs([year, month, day, hour, minute, second ?? '0'].map(Number));
  const [offsetHours, offsetMinutes] = [Number(zoneHours ?? 0), Number(zoneMinutes ?? 0)];
  if (local === null || offsetHours > 23 || offsetMinutes > 59) {
    return null;
  }
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000;
  const fractionMs = Math.floor(Number(`0.${fraction ?? '0'}`) * 1000);
  return notNegative(local + fractionMs - (sign === '-' ? -offsetMs : offsetMs));
}

/** The time of a text such as `21 Jan 2019 09:00:43 GMT`, in ms since the Unix epoch; null = it is none. */
export function readNamedTime(text: string): number | null {
  const match = NAMED.exec(text);
  if (!match) {
    return null;
  }
  const [, day, month, year, ...time] = match;
  const moment = [Number(year), MONTHS.indexOf(month ?? '') + 1, Number(day), ...time.map(Number)];
  return notNegative(momentMs(moment));
}

/** From here on a bare number is a time since the Unix epoch in seconds: September 2001. */
const EPOCH_SECONDS = 1e9;
/** From here on it is in milliseconds: as seconds it would be the year 33658. */
const EPOCH_MILLISECONDS = 1e12;
/** The last moment that a Date can hold, in ms. */
const LAST_MS = 8.64e15;

/** The time that a number of seconds or milliseconds since the Unix epoch means, in ms; null = it is no such number. */
export function readEpoch(number: number): number | null {
  if (!(number >= EPOCH_SECONDS && number <= LAST_MS)) {
    return null;
  }
  return Math.floor(number < EPOCH_MILLISECONDS ? number * 1000 : number);
}

/** A moment from its parts in UTC: year, month from 1, day, hour, minute, second; null = there is no such moment. */
function momentMs(parts: readonly number[]): number | null {
  const [year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN] = parts;
  // Second 60 is a leap second: the same moment as the next minute's 0.
  if (hour > 23 || minute > 59 || second > 60) {
    return null;
  }
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const midnight = new Date(Date.UTC(year, month - 1, day));
  const exists = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
  return exists ? ms : null;
}

function notNegative(ms: number | null): number | null {
  return ms === null || ms < 0 ? null : ms;
}
