import type { Evidence, Verdict } from '@labkeeper/protocol';
import { counterChanges } from './counter-changes.js';
import { heldBytes } from './held.js';
import { judgeStart } from './judge-start.js';
import {
  busyProofs,
  exitProofs,
  fullProofs,
  heldProofs,
  movedProofs,
  notMemoryProofs,
  workerProofs
} from './proofs.js';
import { tooManyProcesses } from './too-many-processes.js';

/** The verdict about a kernel that ended by itself with a code. */
export function judgeCode(evidence: Evidence, code: number): Verdict {
  if (evidence.startFailure) {
    return judgeStart(evidence, evidence.startFailure);
  }
  const { pidsRefused, oomKill } = counterChanges(evidence.before, evidence.after);
  if ((pidsRefused ?? 0) > 0 && code !== 0) {
    // 1 is what an uncaught error ends with; any other code was chosen by the program.
    return tooManyProcesses(evidence, code === 1 ? 'high' : 'medium');
  }
  const held = heldBytes(evidence);
  return {
    cause: 'exited',
    confidence: 'certain',
    // Something of the container was killed for memory meanwhile: whether the program ended because of it is not known.
    memory: (oomKill ?? 0) > 0 ? 'unknown' : 'no',
    heldBytes: held?.bytes ?? null,
    proofs: [
      ...exitProofs(evidence),
      ...notMemoryProofs(evidence),
      ...heldProofs(held),
      ...busyProofs(evidence),
      ...movedProofs(evidence, 'oom-kill'),
      ...workerProofs(evidence),
      ...fullProofs(evidence)
    ],
    advice: [{ kind: 'look-at-code' }]
  };
}
