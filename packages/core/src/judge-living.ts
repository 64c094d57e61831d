import type { Evidence, Verdict } from '@labkeeper/protocol';
import { counterChanges } from './counter-changes.js';
import { memoryAdvice } from './free-advice.js';
import { isFull, isShmFull } from './fullness.js';
import {
  busyProofs,
  counterProofs,
  diskProofs,
  limitProofs,
  machineProofs,
  movedProofs,
  notMemoryProofs,
  peakProofs,
  processProofs,
  shmProofs,
  workerProofs
} from './proofs.js';
import { shortage } from './shortage.js';

/** What is wrong around a kernel that lives; `unknown` with no proofs when nothing is. */
export function judgeLiving(evidence: Evidence): Verdict {
  const found = shortage(evidence);
  const common = { heldBytes: evidence.kernelSampleBytes } as const;
  if (evidence.lostWorkers.length > 0 && found.kills > 0) {
    const own = found.where === 'own';
    return {
      ...common,
      cause: 'worker-killed',
      // A worker that ended by itself in the same moment would look the same.
      confidence: found.kills >= evidence.lostWorkers.length ? 'high' : 'medium',
      memory: 'yes',
      proofs: [
        ...workerProofs(evidence),
        ...counterProofs(evidence, 'oom-kill'),
        ...movedProofs(evidence, 'limit-hit'),
        ...(own ? [...limitProofs(evidence), ...peakProofs(evidence)] : notMemoryProofs(evidence)),
        ...(found.where === 'elsewhere' ? machineProofs(evidence) : []),
        ...busyProofs(evidence)
      ],
      advice: [
        { kind: 'interrupt-kernel', kernelId: evidence.kernel.kernelId },
        { kind: 'fewer-workers' },
        ...(own ? memoryAdvice(evidence) : ([{ kind: 'not-you' }] as const))
      ]
    };
  }
  if ((counterChanges(evidence.before, evidence.after).pidsRefused ?? 0) > 0) {
    return {
      ...common,
      cause: 'too-many-processes',
      confidence: 'certain',
      memory: 'no',
      proofs: [...movedProofs(evidence, 'pids-refused'), ...processProofs(evidence), ...busyProofs(evidence)],
      advice: [{ kind: 'fewer-processes' }, { kind: 'fewer-workers' }]
    };
  }
  if (isFull(evidence.home)) {
    return {
      ...common,
      cause: 'disk-full',
      confidence: 'certain',
      memory: 'no',
      proofs: diskProofs(evidence),
      advice: [{ kind: 'free-disk' }]
    };
  }
  if (isShmFull(evidence.shm)) {
    return {
      ...common,
      cause: 'shm-full',
      confidence: 'certain',
      memory: 'no',
      proofs: shmProofs(evidence),
      advice: [{ kind: 'shm-use' }, { kind: 'ask-support' }]
    };
  }
  return { ...common, cause: 'unknown', confidence: 'none', memory: 'unknown', proofs: [], advice: [] };
}
