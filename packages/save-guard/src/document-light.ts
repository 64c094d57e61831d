import {
  BOUND_MS,
  lightOf,
  lightReason,
  waitsForUser,
  type ILight,
  type LeftTo,
  type SaveReason,
  type SaveSchedule
} from '@labkeeper/core';

/** A save that takes longer is worth a word. */
const SLOW_MS = 20_000;
/** From this age on, what is said to keep the work has to be true at this moment. */
const LATE_MS = BOUND_MS / 2;

export interface IDocumentState {
  readonly nowMs: number;
  readonly schedule: Pick<
    SaveSchedule,
    'unsafeSinceMs' | 'nowhereSinceMs' | 'unsavedSinceMs' | 'savingSinceMs' | 'isSaving'
  >;
  /** Why the last save failed; null = it did not. */
  readonly failure: SaveReason | null;
  readonly leftTo: LeftTo | null;
  /** Why the journal does not work; null = it does. */
  readonly journal: SaveReason | null;
  /** How long changes take on a slow home, in ms; null = it is not slow. */
  readonly slowHomeMs: number | null;
  readonly conflict: boolean;
}

/** The light of one document. */
export function documentLight({
  nowMs,
  schedule,
  failure,
  leftTo,
  journal,
  slowHomeMs,
  conflict
}: IDocumentState): ILight {
  const { unsafeSinceMs, nowhereSinceMs, unsavedSinceMs, savingSinceMs, isSaving } = schedule;
  const isLate = unsafeSinceMs !== null && nowMs - unsafeSinceMs > LATE_MS;
  const isSlow = savingSinceMs !== null && nowMs - savingSinceMs > SLOW_MS;
  return lightOf({
    ...{ nowMs, unsafeSinceMs, nowhereSinceMs, unsavedSinceMs, isSaving, slowHomeMs, conflict },
    reason: lightReason({ failure, leftTo, journal, isLate, isSlow }),
    failing: failure !== null,
    waits: waitsForUser(leftTo),
    boundMs: BOUND_MS
  });
}
