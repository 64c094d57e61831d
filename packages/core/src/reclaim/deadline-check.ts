/** A deadline further ahead than this is a mistake: the clouds announce maintenance up to a few weeks ahead. */
const AHEAD_MS = 60 * 24 * 3600_000;
/** One that passed longer ago is of an event that is over: a file that was left behind. */
const PAST_MS = 10 * 60_000;

/**
 * Why a deadline that was just heard of makes no sense, a sentence for the log; null = it does. One that passed a
 * moment ago does: clocks differ, and many machines outlive their deadline by minutes.
 */
export function deadlineProblem(deadlineMs: number | null, nowMs: number): string | null {
  if (deadlineMs === null) {
    return null;
  }
  if (!Number.isSafeInteger(deadlineMs) || deadlineMs < 0) {
    return `its deadline, ${deadlineMs}, is no time`;
  }
  if (deadlineMs - nowMs > AHEAD_MS) {
    return `its deadline is ${Math.round((deadlineMs - nowMs) / 86_400_000)} days ahead`;
  }
  return nowMs - deadlineMs > PAST_MS
    ? `its deadline passed ${Math.round((nowMs - deadlineMs) / 60_000)} minutes ago`
    : null;
}
