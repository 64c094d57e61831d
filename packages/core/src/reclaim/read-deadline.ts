import { readEpoch, readIsoTime } from './read-time.js';
import { quoted } from './statement.js';

/** A bare number up to here is a number of seconds from now: one week. */
const SECONDS_AHEAD = 7 * 24 * 3600;

/** A deadline, or the reason why it is none: half a sentence for the log. */
export type Deadline = { readonly deadlineMs: number | null } | { readonly reason: string };

/**
 * The deadline that a person or a script wrote: nothing or null = any moment; an ISO time with a zone; a number of
 * seconds from `fromMs`; a time since the Unix epoch in seconds or milliseconds.
 */
export function readDeadline(value: unknown, fromMs: number): Deadline {
  if (value === undefined || value === null) {
    return { deadlineMs: null };
  }
  if (typeof value === 'string') {
    const text = value.trim();
    if (/^\d+(\.\d+)?$/.test(text)) {
      return readDeadline(Number(text), fromMs);
    }
    const deadlineMs = readIsoTime(text);
    return deadlineMs === null
      ? { reason: `${quoted(text)} is no ISO time with a time zone and no number of seconds` }
      : { deadlineMs };
  }
  if (typeof value !== 'number' || !(value >= 0)) {
    return { reason: `${quoted(JSON.stringify(value) ?? '')} is no time` };
  }
  const deadlineMs = value <= SECONDS_AHEAD ? Math.floor(fromMs + value * 1000) : readEpoch(value);
  return deadlineMs === null
    ? { reason: `${value} is more than a week of seconds and no time since 1970` }
    : { deadlineMs };
}
