/** The first pause is about this, in ms, each further one four times as long. */
const FIRST_MS = 5000;
/** Longest pause, in ms. */
const LONGEST_MS = 6 * 3_600_000;
/** Tries of one message: the last is less than two days after the first. */
export const OUTGOING_ATTEMPTS = 14;

/**
 * How long until a message is tried again: exponential, with as much again as jitter, so that what failed together does not
 * come back together.
 *
 * @param attempts - that failed so far, at least 1. @param random - from 0 up to 1.
 * @param askedMs - what the target asked for (Retry-After), in ms; null = nothing.
 * @returns ms; null = it is given up.
 */
export function outgoingPauseMs(attempts: number, random: number, askedMs: number | null): number | null {
  if (attempts >= OUTGOING_ATTEMPTS) {
    return null;
  }
  const bound = Math.min(LONGEST_MS, FIRST_MS * 4 ** (Math.min(attempts, 20) - 1));
  const pause = (bound * (1 + random)) / 2;
  return Math.max(pause, Math.min(askedMs ?? 0, LONGEST_MS));
}
