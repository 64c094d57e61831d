/** A service that has never answered: blocked or not there. Two more tries, then minutes apart. */
const NEVER_ANSWERED_MS = [2000, 10_000, 300_000, 300_000];
/** A service that has answered is restarted or moved: back within seconds, as a notice may come meanwhile. */
const ANSWERED_BEFORE_MS = [1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000];
/** Slowest of all. */
const SLOWEST_MS = 900_000;

/**
 * How long to leave a metadata service alone after so many failures in a row, in ms. A blocked one costs three
 * connections at the start and four an hour after that.
 */
export function retryDelayMs(failures: number, answeredBefore: boolean): number {
  const delays = answeredBefore ? ANSWERED_BEFORE_MS : NEVER_ANSWERED_MS;
  return delays[Math.max(0, failures - 1)] ?? SLOWEST_MS;
}

/** From so many failures in a row on it is left alone, and that is said once. */
export const LEFT_ALONE_AFTER = 3;
