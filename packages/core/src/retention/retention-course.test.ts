import fc from 'fast-check';
import {
  actsAtMs,
  deletesFromMs,
  followClock,
  followPolicy,
  JUMP_MS,
  KEPT_WITHOUT_END,
  NOTICE_MS,
  type IClockState,
  type IRetentionState
} from './retention-course.js';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 10, 27);
const HOUR_MS = 3_600_000;

/** A look every hour from one time to another. */
function hours(clock: IClockState | null, fromMs: number, untilMs: number): IClockState {
  let after = clock;
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += HOUR_MS) {
    after = followClock(after, nowMs);
  }
  return after ?? followClock(null, fromMs);
}

const steady = hours(null, START_MS, START_MS + 10 * DAY_MS);

/** The state under a policy, at a time at which the clock was steady. */
function follow(state: IRetentionState, days: number | null, atMs: number): IRetentionState {
  return followPolicy(state, days, { ...steady, lastMs: atMs });
}

describe('a period', () => {
  const atMs = steady.lastMs;

  it('that is shorter waits for the notice, from when the policy first said so', () => {
    const waiting = follow(KEPT_WITHOUT_END, 90, atMs);
    expect(waiting).toEqual({ inForceDays: null, wantedDays: 90, wantedSinceMs: atMs });
    const later = follow(waiting, 90, atMs + NOTICE_MS - 1);
    expect(later).toEqual(waiting);
    expect(follow(later, 90, atMs + NOTICE_MS)).toEqual({
      ...{ inForceDays: 90, wantedDays: 90, wantedSinceMs: null }
    });
  });

  it('that is put back, or longer, is in force at once', () => {
    const inForce = { inForceDays: 2557, wantedDays: 2557, wantedSinceMs: null };
    const typo = follow(inForce, 30, atMs);
    expect(typo.inForceDays).toBe(2557);
    expect(follow(typo, 2557, atMs + DAY_MS)).toEqual(inForce);
    expect(follow(typo, null, atMs + DAY_MS)).toEqual(KEPT_WITHOUT_END);
    expect(follow(inForce, 3000, atMs).inForceDays).toBe(3000);
  });

  it('that becomes another shorter one begins its notice anew', () => {
    const first = follow(KEPT_WITHOUT_END, 90, atMs);
    const other = follow(first, 91, atMs + NOTICE_MS - 1);
    expect(other).toEqual({ inForceDays: null, wantedDays: 91, wantedSinceMs: atMs + NOTICE_MS - 1 });
  });
});

describe('the clock', () => {
  it('that jumps, or was not looked at, stops every deletion for the time of a notice', () => {
    const before = steady.lastMs;
    const jumped = followClock(steady, before + 365 * DAY_MS);
    expect(jumped).toEqual({
      ...{ lastMs: before + 365 * DAY_MS, steadySinceMs: before + 365 * DAY_MS, jumpedFromMs: before }
    });
    expect(deletesFromMs(jumped)).toBe(before + 365 * DAY_MS + NOTICE_MS);
    const back = followClock(jumped, before + HOUR_MS);
    expect(back.steadySinceMs).toBe(before + HOUR_MS);
    expect(followClock(steady, before + JUMP_MS).steadySinceMs).toBe(START_MS);
    expect(followClock(steady, before - 60_000)).toEqual(steady);
  });

  it('that jumps makes no notice shorter', () => {
    const waiting = follow(KEPT_WITHOUT_END, 90, steady.lastMs);
    const jumped = followClock(steady, steady.lastMs + 365 * DAY_MS);
    expect(followPolicy(waiting, 90, jumped)).toEqual(waiting);
    expect(actsAtMs(waiting, jumped)).toBe(jumped.lastMs + NOTICE_MS);
  });

  it('lets nothing be in force that was not seen for the time of a notice, whatever clock and policy do', () => {
    const step = fc.record({
      days: fc.constantFrom(null, 30, 31, 365),
      byMs: fc.constantFrom(HOUR_MS, 20 * HOUR_MS, 400 * DAY_MS, -DAY_MS)
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        let clock = followClock(null, START_MS);
        let state = KEPT_WITHOUT_END;
        /** Steady time since the policy says what it says now. */
        let seenMs = 0;
        for (const { days, byMs } of steps) {
          const isJump = byMs > JUMP_MS || byMs < 0;
          seenMs = days === state.wantedDays && !isJump ? seenMs + byMs : 0;
          clock = followClock(clock, clock.lastMs + byMs);
          const before = state;
          state = followPolicy(state, days, clock);
          const longest = before.inForceDays ?? Infinity;
          if ((state.inForceDays ?? Infinity) < longest) {
            expect(seenMs).toBeGreaterThanOrEqual(NOTICE_MS);
          }
        }
      })
    );
  });
});
