import * as v from 'valibot';

/** What is kept, and deleted, by itself. Acts (holds, erasures, deletions) are in none of them: they stay. */
export const RetentionClass = v.picklist([
  /** What was asked for, decided, installed and removed; and what could not be read. */
  'installs',
  /** What a scan of the disk found. */
  'disk',
  /** Begin, end and gaps of recording, and signs of life. */
  'streams',
  /** Who read what. */
  'looks'
]);
export type RetentionClass = v.InferOutput<typeof RetentionClass>;

/** The shortest and the longest period, in days. */
export const RETENTION_DAYS = { least: 30, most: 36_600 } as const;

/** Days of one of each, at least: nothing is deleted before its years have passed, leap years and all. */
const UNITS = { day: 1, month: 31, year: 365.25 } as const;
const PERIOD = /^([1-9]\d{0,4}) (day|month|year)s?$/;

/** Days of a period such as `7 years`, `18 months` or `90 days`; null = it is none, or too short or long. */
export function periodDays(period: string): number | null {
  const [, count, unit] = PERIOD.exec(period) ?? [];
  if (count === undefined || (unit !== 'day' && unit !== 'month' && unit !== 'year')) {
    return null;
  }
  const days = Math.ceil(Number(count) * UNITS[unit]);
  return days >= RETENTION_DAYS.least && days <= RETENTION_DAYS.most ? days : null;
}

const Period = v.optional(
  v.pipe(
    v.string(),
    v.check(period => periodDays(period) !== null)
  )
);

/** `[retention]`: how long each class is kept; what is not named is kept without end. */
export const PolicyRetention = v.strictObject({
  installs: Period,
  disk: Period,
  streams: Period,
  looks: Period
});
export type PolicyRetention = v.InferOutput<typeof PolicyRetention>;
