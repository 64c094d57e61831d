/** Waits between attempts to connect, in ms; the last one repeats. A companion that was killed is back within 3 s. */
const WAITS_MS = [500, 1000, 2000, 5000, 10_000, 30_000] as const;

/**
 * How long to wait before the next attempt.
 *
 * @param failures - attempts that failed in a row, 1 or more.
 * @param random - from 0 to 1; spreads many tabs of a restarted hub over ± 20 %.
 * @returns milliseconds.
 */
export function backOffMs(failures: number, random: number): number {
  const waitMs = WAITS_MS[Math.min(Math.max(failures, 1), WAITS_MS.length) - 1] ?? 30_000;
  return Math.round(waitMs * (0.8 + 0.4 * random));
}
