/** The first pause is anything up to this, in ms, the next one up to twice that, and so on. */
const FIRST_MS = 1000;
/** Longest pause, in ms: whoever lost the service is back within a minute of its return. */
const LONGEST_MS = 45_000;

/**
 * Exponential back-off with full jitter: anything between nothing and the bound, so that thousands who lost their service
 * at one moment do not come back at one moment.
 *
 * @param failures - in a row before this one.
 * @param random - from 0 up to 1.
 * @returns ms.
 */
export function fullJitterMs(failures: number, random: number): number {
  return random * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 30));
}
