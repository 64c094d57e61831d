/** How long a shorter period waits before it deletes anything, in ms: time to see on Status what a typo would do. */
export const NOTICE_MS = 7 * 86_400_000;
/** A service that did not look for longer than this was away, or its clock jumped, in ms: nobody can tell which. */
export const JUMP_MS = 86_400_000;
/** A clock may go back so far, in ms: those of replicas differ. */
const SKEW_MS = 10 * 60_000;

/** How one class stands. Periods are in days, null = without end. */
export interface IRetentionState {
  readonly inForceDays: number | null;
  /** What the policy says. */
  readonly wantedDays: number | null;
  /** Since when it says a shorter one than is in force, epoch ms; null = it does not. */
  readonly wantedSinceMs: number | null;
}

/** A class that the policy never spoke of. */
export const KEPT_WITHOUT_END: IRetentionState = {
  inForceDays: null,
  wantedDays: null,
  wantedSinceMs: null
};

/** How the clock went, from look to look. */
export interface IClockState {
  /** The last look, epoch ms. */
  readonly lastMs: number;
  /** Since when no look was missing and the clock did not jump. */
  readonly steadySinceMs: number;
  /** Where the clock stood before the last jump; null = there was none. */
  readonly jumpedFromMs: number | null;
}

/**
 * Takes in what the policy says now. A longer period is in force at once, and so is the one before when it is put back; a
 * shorter one waits for the notice.
 *
 * @param wantedDays - null = without end.
 */
export function followPolicy(
  state: IRetentionState,
  wantedDays: number | null,
  clock: IClockState
): IRetentionState {
  const { inForceDays } = state;
  if (!isShorter(wantedDays, inForceDays)) {
    return { inForceDays: wantedDays, wantedDays, wantedSinceMs: null };
  }
  const isSame = state.wantedDays === wantedDays && state.wantedSinceMs !== null;
  // Where the clock was set back, how long it waited already is not known.
  const wantedSinceMs = isSame ? Math.min(state.wantedSinceMs, clock.lastMs) : clock.lastMs;
  const waiting = { inForceDays, wantedDays, wantedSinceMs };
  return clock.lastMs >= actsAtMs(waiting, clock)
    ? { inForceDays: wantedDays, wantedDays, wantedSinceMs: null }
    : waiting;
}

/** When a period that waits comes into force, epoch ms; a jump of the clock begins the notice anew. */
export function actsAtMs({ wantedSinceMs }: IRetentionState, { lastMs, steadySinceMs }: IClockState): number {
  return Math.max(wantedSinceMs ?? lastMs, steadySinceMs) + NOTICE_MS;
}

/** Takes in a look at the clock. @param before - null = this is the first. */
export function followClock(before: IClockState | null, nowMs: number): IClockState {
  if (before === null) {
    return { lastMs: nowMs, steadySinceMs: nowMs, jumpedFromMs: null };
  }
  const { lastMs } = before;
  return nowMs > lastMs + JUMP_MS || nowMs < lastMs - SKEW_MS
    ? { lastMs: nowMs, steadySinceMs: nowMs, jumpedFromMs: lastMs }
    : { ...before, lastMs: Math.max(lastMs, nowMs) };
}

/**
 * From when on anything may be deleted, epoch ms: after a jump not before the clock went on steadily for the time of a notice,
 * so that a wrong year deletes nothing until somebody could see it.
 */
export function deletesFromMs({ steadySinceMs }: IClockState): number {
  return steadySinceMs + NOTICE_MS;
}

function isShorter(one: number | null, other: number | null): boolean {
  return one !== null && (other === null || one < other);
}
