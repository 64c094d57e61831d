import type { Confidence, Evidence, Proof, Verdict } from '@labkeeper/protocol';
import { memoryAdvice } from './free-advice.js';
import { heldBytes } from './held.js';
import {
  busyProofs,
  counterProofs,
  exitProofs,
  heldProofs,
  limitProofs,
  machineProofs,
  movedProofs,
  notMemoryProofs,
  peakProofs,
  togetherProofs
} from './proofs.js';

/** The verdict "memory limit". */
export function memoryLimit(evidence: Evidence, confidence: Confidence): Verdict {
  const held = heldBytes(evidence);
  return {
    cause: 'memory-limit',
    confidence,
    memory: 'yes',
    heldBytes: held?.bytes ?? null,
    proofs: [
      ...limitProofs(evidence),
      ...peakProofs(evidence),
      ...heldProofs(held),
      ...killCounters(evidence),
      // Version 1 counts no failure where memory and memory+swap have the same limit: standing still proves nothing.
      ...movedProofs(evidence, 'limit-hit'),
      ...movedProofs(evidence, 'group-kill'),
      ...exitProofs(evidence),
      ...busyProofs(evidence),
      ...togetherProofs(evidence)
    ],
    advice: memoryAdvice(evidence)
  };
}

/** The verdict "memory, but not your limit". */
export function memoryElsewhere(evidence: Evidence, confidence: Confidence): Verdict {
  const held = heldBytes(evidence);
  return {
    cause: 'memory-elsewhere',
    confidence,
    memory: 'yes',
    heldBytes: held?.bytes ?? null,
    proofs: [
      ...notMemoryProofs(evidence),
      ...machineProofs(evidence),
      ...heldProofs(held),
      ...killCounters(evidence),
      ...counterProofs(evidence, 'limit-hit'),
      ...movedProofs(evidence, 'group-kill'),
      ...exitProofs(evidence),
      ...busyProofs(evidence),
      ...togetherProofs(evidence)
    ],
    advice: [{ kind: 'not-you' }, { kind: 'ask-support' }]
  };
}

function killCounters(evidence: Evidence): Proof[] {
  const own = counterProofs(evidence, 'oom-kill');
  return own.length > 0 ? own : counterProofs(evidence, 'machine-oom-kill');
}
