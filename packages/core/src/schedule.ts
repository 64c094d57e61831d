/** What decides when to look next. */
export interface IScheduleState {
  /** A visible page wants samples. */
  readonly watched: boolean;
  /** A kernel runs something. */
  readonly busy: boolean;
  /** Unreclaimable memory ÷ limit; null = no limit or not known. */
  readonly share: number | null;
  /** How fast unreclaimable memory grows, 0 when it does not (see `Growth`). */
  readonly growthBytesPerSecond: number;
  /** Limit less unreclaimable memory; null = no limit or not known. */
  readonly headroomBytes: number | null;
  /** How long ago the last full sample was taken. */
  readonly sinceFullMs: number;
}

/** When to look next, and how much: everything, or the container's memory alone (two reads). */
export interface INextLook {
  readonly delayMs: number;
  readonly kind: 'full' | 'memory';
}

/** Time between full samples, in ms: something runs or is watched, or nothing. */
const FULL_MS = 1000;
const FULL_IDLE_MS = 2000;
/** Slowest watch of memory while a kernel is busy: 4 reads a second. A timer costs 0.05 to 0.1 ms, so 0.04 % of a core. */
const CALM_MS = 250;
/** While it grows. */
const GROWING_MS = 50;
/** Near the limit: 20 ms is what was measured between the counter's move and the death. */
const NEAR_MS = 20;
const FASTEST_MS = 10;
/** From here on the limit is near. */
const NEAR_SHARE = 0.9;
/** Growth counts when it would reach the limit within this time. */
const HORIZON_MS = 60_000;

/**
 * When to look at the container next. Full samples come at their own pace; in between, memory alone is watched as
 * fast as the danger asks. With nothing busy and nothing growing there are only full samples: an idle container
 * costs one timer a second or less.
 */
export function schedule(state: IScheduleState): INextLook {
  const near = state.share !== null && state.share >= NEAR_SHARE;
  const fullMs = state.watched || state.busy || near ? FULL_MS : FULL_IDLE_MS;
  const untilFullMs = Math.max(FASTEST_MS, fullMs - Math.max(0, state.sinceFullMs));
  const memoryMs = memoryDelayMs(state, near);
  return memoryMs === null || untilFullMs <= memoryMs
    ? { delayMs: Math.min(untilFullMs, fullMs), kind: 'full' }
    : { delayMs: memoryMs, kind: 'memory' };
}

/** Time until the next look at memory alone; null = full samples are enough. */
function memoryDelayMs(state: IScheduleState, near: boolean): number | null {
  if (state.headroomBytes === null) {
    return null;
  }
  const reachMs = timeToLimitMs(state.headroomBytes, state.growthBytesPerSecond);
  const grows = reachMs < HORIZON_MS;
  if (!state.busy && !grows) {
    return null;
  }
  const slowest = near && (state.busy || grows) ? NEAR_MS : grows ? GROWING_MS : CALM_MS;
  // Ten looks before the limit is reached.
  return Math.max(FASTEST_MS, Math.min(slowest, Math.floor(reachMs / 10)));
}

/** Milliseconds until the limit at this growth; Infinity when it does not grow. */
export function timeToLimitMs(headroomBytes: number, growthBytesPerSecond: number): number {
  return growthBytesPerSecond > 0 ? (Math.max(0, headroomBytes) / growthBytesPerSecond) * 1000 : Infinity;
}
