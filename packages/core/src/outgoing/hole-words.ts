import type { IForwardedHole } from '@labkeeper/protocol';
import { recordsFrom } from '../audit/verify/findings.js';

/** What a message is called that stands for records which are not there; no record has such an action. */
export const HOLE_ACTIONS = { deleted: 'deleted-records', missing: 'missing-records' } as const;

/** What stands where else the line of the log does: JSON too. `gone` is the word that exports have. */
export function holeText({ hole, firstIndex, count }: IForwardedHole): string {
  const which = recordsFrom(firstIndex, firstIndex + count);
  const range = { firstIndex, count };
  return JSON.stringify(
    hole === 'deleted'
      ? { gone: range, message: `Deleted by retention, by acts that are in the log: ${which}.` }
      : { missing: range, message: `Missing from the log, and no act of retention deleted them: ${which}.` }
  );
}
