import { actsAtMs, deletesFromMs, type IClockState } from '@labkeeper/core';
import type { RetentionClass } from '@labkeeper/protocol';
import type { IClassState } from '../store/retention-states.js';
import type { IRetentionShown } from '../store/shown-retention.js';
import type { IAdvice } from './service-state.js';
import { dayWord, thousands } from './words.js';

/** What each class is called in a sentence. */
export const CLASS_NAMES: Readonly<Record<RetentionClass, string>> = {
  installs: 'install records',
  disk: 'what was found on disk',
  streams: 'begin, end and gaps of recording',
  looks: 'looks'
};

/** `2557 days`, or `without end`. */
export function daysWord(days: number | null): string {
  return days === null ? 'without end' : `${thousands(days)} days`;
}

/** When the period that waits acts, and what it would delete then. */
export function waitingWord(state: IClassState, clock: IClockState): string {
  const things = state.class === 'looks' ? 'looks' : 'records';
  const what =
    state.dueCount === null ? `its ${things} are being counted` : `${thousands(state.dueCount)} ${things}`;
  return `on ${dayWord(actsAtMs(state, clock))} (${what})`;
}

/** What is about to be deleted, and why nothing is. */
export function retentionAdvice({ clock, classes }: IRetentionShown, nowMs: number): readonly IAdvice[] {
  if (clock === null) {
    return [];
  }
  const advice: IAdvice[] = classes
    .filter(({ wantedSinceMs }) => wantedSinceMs !== null)
    .map(state => ({
      sentence: `The policy keeps ${CLASS_NAMES[state.class]} for ${daysWord(state.wantedDays)} now, and ${state.inForceDays === null ? 'kept them without end' : `for ${daysWord(state.inForceDays)}`} before: what is older is deleted for good from ${waitingWord(state, clock)}.`,
      todo: 'If that is not meant, put the period of before back into the policy file until then: nothing of it is deleted yet.'
    }));
  const isDeleting = classes.some(({ inForceDays }) => inForceDays !== null);
  if (isDeleting && clock.jumpedFromMs !== null && nowMs < deletesFromMs(clock)) {
    advice.push({
      sentence: `The clock went from ${dayWord(clock.jumpedFromMs)} to ${dayWord(clock.steadySinceMs)} at once, or the service was away: nothing is deleted by age before ${dayWord(deletesFromMs(clock))}.`,
      todo: 'See that the clock of the service is right. If it is, there is nothing to do.'
    });
  }
  return advice;
}
