import type { LeftTo, SaveReason } from './light.js';

/** What is known to be in the way of one document. */
export interface ITroubles {
  /** Why the last save of the file failed; null = it did not. */
  readonly failure: SaveReason | null;
  /** To whom this page leaves the file; null = it saves it. */
  readonly leftTo: LeftTo | null;
  /** Why the journal does not work; null = it does. */
  readonly journal: SaveReason | null;
  /** Whether work is older than it may be. */
  readonly isLate: boolean;
  /** Whether a save of the file takes longer than it should. */
  readonly isSlow: boolean;
}

/** Chooses the one thing that is said: what explains most, and is true at this moment. */
export function lightReason({ failure, leftTo, journal, isLate, isSlow }: ITroubles): SaveReason | null {
  if (leftTo !== null && journal !== null && isLate) {
    return 'not-kept';
  }
  if (failure !== null) {
    return failure;
  }
  if (leftTo !== null) {
    return leftTo;
  }
  if (isSlow) {
    return 'slow-save';
  }
  // That the file is saved instead is true only as long as it is.
  return journal === 'companion-away' && isLate ? 'no-answer' : journal;
}

/** Whether nobody saves the file by itself as long as this page leaves it so. */
export function waitsForUser(leftTo: LeftTo | null): boolean {
  return leftTo === 'switched-off' || leftTo === 'other-tab-writes' || leftTo === 'other-page-writes';
}
