import type { Evidence, Verdict } from '@labkeeper/protocol';
import { judgeStart } from './judge-start.js';
import { memoryElsewhere, memoryLimit } from './memory-verdicts.js';
import { shortage } from './shortage.js';
import { unknownVerdict } from './unknown-verdict.js';

/** The verdict about a kernel whose exit status nobody could read: counters alone can speak. */
export function judgeUnseenExit(evidence: Evidence): Verdict {
  const { where, kills } = shortage(evidence);
  // Each vanished worker may be whom a kill was for.
  const covered = evidence.lostWorkers.length < kills;
  if (where === 'own' && covered) {
    return memoryLimit(evidence, 'medium');
  }
  if (where === 'elsewhere' && covered) {
    return memoryElsewhere(evidence, 'medium');
  }
  return evidence.startFailure ? judgeStart(evidence, evidence.startFailure) : unknownVerdict(evidence);
}
