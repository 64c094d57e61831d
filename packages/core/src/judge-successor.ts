import type { Evidence, StartFailure, Verdict } from '@labkeeper/protocol';
import { judgeStart } from './judge-start.js';

/**
 * The verdict about a kernel that had been up, ended, and does not come back: why it does not is what must be put
 * right now, and what ended it first stays told beside it.
 *
 * @param first - the verdict about that first end alone.
 */
export function judgeSuccessor(evidence: Evidence, failure: StartFailure, first: Verdict): Verdict {
  // The counters and the cell are those of the first end: they say nothing about the start.
  const start = judgeStart({ ...evidence, before: null, after: null, busyForMs: null }, failure);
  const said = new Set(start.proofs.map(proof => proof.kind));
  const advised = new Set(start.advice.map(advice => advice.kind));
  return {
    cause: start.cause,
    confidence: start.confidence,
    memory: first.memory,
    heldBytes: first.heldBytes,
    proofs: [
      ...start.proofs,
      { kind: 'ended-first', cause: first.cause },
      ...first.proofs.filter(proof => !said.has(proof.kind))
    ],
    advice: [...start.advice, ...first.advice.filter(advice => !advised.has(advice.kind))]
  };
}
