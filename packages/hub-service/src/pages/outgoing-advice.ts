import type { IOutgoingState } from '../outgoing/outgoing-state.js';
import type { IAdvice } from './service-state.js';
import { counted } from './words.js';

/** What to do about records that were not in the log when they were to go out. */
export function outgoingAdvice({ targets }: IOutgoingState): readonly IAdvice[] {
  const missing = targets.flatMap(({ losses }) => losses.filter(({ what }) => what === 'missing'));
  // Each target that came to the same place counts it.
  const [most] = missing.sort((one, other) => other.count - one.count);
  if (most === undefined) {
    return [];
  }
  const last = most.says === null ? '' : ` (the last: ${most.says})`;
  return [
    {
      sentence: `${counted(most.count, 'record')} ${most.count === 1 ? 'is' : 'are'} missing from the log${last}, and no act of retention deleted them.`,
      todo: 'Make a whole export as JSONL: labkeeper verify says what else is missing. Restore the log from a backup, and find out who writes to its database. This is shown for 30 days.'
    }
  ];
}
