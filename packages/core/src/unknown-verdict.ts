import type { Evidence, MemoryAnswer, Verdict } from '@labkeeper/protocol';
import { heldBytes } from './held.js';
import {
  busyProofs,
  counterProofs,
  exitProofs,
  fullProofs,
  heldProofs,
  limitProofs,
  machineProofs,
  movedProofs,
  processProofs,
  startProofs,
  togetherProofs,
  workerProofs
} from './proofs.js';
import { isMachineShort, shortage } from './shortage.js';

/** "The kernel died; what we saw does not tell why", with all that was seen. */
export function unknownVerdict(evidence: Evidence): Verdict {
  const held = heldBytes(evidence);
  return {
    cause: 'unknown',
    confidence: 'none',
    memory: memoryAnswer(evidence),
    heldBytes: held?.bytes ?? null,
    proofs: [
      ...exitProofs(evidence),
      ...counterProofs(evidence, 'oom-kill'),
      ...movedProofs(evidence, 'limit-hit'),
      ...movedProofs(evidence, 'machine-oom-kill'),
      ...limitProofs(evidence),
      ...heldProofs(held),
      ...busyProofs(evidence),
      ...togetherProofs(evidence),
      ...workerProofs(evidence),
      ...movedProofs(evidence, 'pids-refused'),
      ...(movedProofs(evidence, 'pids-refused').length > 0 ? processProofs(evidence) : []),
      ...(isMachineShort(evidence) ? machineProofs(evidence) : []),
      ...fullProofs(evidence),
      ...startProofs(evidence)
    ],
    advice: [{ kind: 'ask-support' }]
  };
}

/** Even without a cause: a counter that stood still says that it was not memory. */
function memoryAnswer(evidence: Evidence): MemoryAnswer {
  return shortage(evidence).where === 'none' && !isMachineShort(evidence) ? 'no' : 'unknown';
}
