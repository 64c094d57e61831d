import type { Speech } from '../speech.js';
import { type IHeadlineFacts, usedOfLimit } from './headline.js';
import { proofOf } from './proof-of.js';

/**
 * Whether memory was the reason, said either way; null where the headline or a proof says it already, or where
 * the question does not arise.
 */
export function memoryAnswer(facts: IHeadlineFacts, speech: Speech): string | null {
  const { trans } = speech;
  const { verdict } = facts;
  if (verdict.cause === 'cpu-throttled' || verdict.cause === 'start-failed') {
    return null;
  }
  const used = usedOfLimit(facts, speech);
  switch (verdict.memory) {
    case 'no':
      if (proofOf(verdict, 'not-memory') !== null) {
        return null;
      }
      return used === null
        ? trans.__('This was not memory.')
        : trans.__('This was not memory: %1 was in use.', used);
    case 'unknown':
      return used === null
        ? trans.__('Whether memory was the reason is not known.')
        : trans.__('Whether memory was the reason is not known; %1 was in use.', used);
    case 'yes':
      return verdict.cause === 'worker-killed' ? trans.__('Memory was the reason.') : null;
  }
}

/** Why a verdict is not certain; null = it is, or it names no cause. */
export function doubt({ verdict }: IHeadlineFacts, { trans }: Speech): string | null {
  return verdict.confidence === 'medium'
    ? trans.__('This is what fits the facts best; they leave room for another reading.')
    : null;
}
