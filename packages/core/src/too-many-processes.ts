import type { Confidence, Evidence, Verdict } from '@labkeeper/protocol';
import { heldBytes } from './held.js';
import { busyProofs, exitProofs, movedProofs, processProofs, startProofs } from './proofs.js';

/** The verdict "too many processes" about a kernel that died. */
export function tooManyProcesses(evidence: Evidence, confidence: Confidence): Verdict {
  return {
    cause: 'too-many-processes',
    confidence,
    memory: 'no',
    heldBytes: heldBytes(evidence)?.bytes ?? null,
    proofs: [
      ...movedProofs(evidence, 'pids-refused'),
      ...processProofs(evidence),
      ...startProofs(evidence),
      ...exitProofs(evidence),
      ...busyProofs(evidence)
    ],
    advice: [{ kind: 'fewer-processes' }]
  };
}
