import type { Confidence, Evidence, Verdict } from '@labkeeper/protocol';
import { counterChanges } from './counter-changes.js';
import { heldBytes } from './held.js';
import { judgeStart } from './judge-start.js';
import { memoryElsewhere, memoryLimit } from './memory-verdicts.js';
import {
  busyProofs,
  counterProofs,
  exitProofs,
  heldProofs,
  machineProofs,
  notMemoryProofs,
  togetherProofs,
  workerProofs
} from './proofs.js';
import { isMachineShort, shortage, wasNearLimit, type IShortage } from './shortage.js';
import { unknownVerdict } from './unknown-verdict.js';

/** The verdict about a kernel that ended by SIGKILL: the system's out-of-memory killer, or somebody. */
export function judgeKill(evidence: Evidence): Verdict {
  const found = shortage(evidence);
  switch (found.where) {
    case 'none':
      return evidence.startFailure
        ? judgeStart(evidence, evidence.startFailure)
        : killedOutside(evidence, surenessOfOutside(evidence));
    case 'unreadable':
      return judgeUncounted(evidence);
    default:
      return judgeCounted(evidence, found);
  }
}

/** The counter moved: was it for this kernel? One kill explains one death. */
function judgeCounted(evidence: Evidence, found: IShortage): Verdict {
  const deaths = 1 + evidence.diedTogether.length;
  const covered = found.kills >= deaths;
  if (!covered && !wasLargest(evidence)) {
    return unknownVerdict(evidence);
  }
  // The killer takes the largest. Without a kill for each, that is likely, not sure.
  const confidence = covered ? found.confidence : weaker(found.confidence, 'high');
  // A worker that vanished beside it may be whom the count was for.
  const doubted = evidence.lostWorkers.length >= found.kills ? weaker(confidence, 'high') : confidence;
  switch (found.where) {
    case 'own':
      return memoryLimit(evidence, doubted);
    case 'elsewhere':
      return memoryElsewhere(evidence, doubted);
    default:
      return { ...unknownVerdict(evidence), memory: 'yes' };
  }
}

/** Whether this kernel held more than any that died with it: more than each, or more than half of everything. */
function wasLargest({ kernelSampleBytes, diedTogether, otherKernels, memoryBefore }: Evidence): boolean {
  if (kernelSampleBytes === null) {
    return false;
  }
  const others = diedTogether.map(
    id => otherKernels.find(kernel => kernel.kernelId === id)?.memoryBytes ?? null
  );
  const unreclaimable = memoryBefore?.unreclaimableBytes ?? Infinity;
  return (
    others.every(bytes => bytes !== null && bytes < kernelSampleBytes) ||
    kernelSampleBytes > unreclaimable / 2
  );
}

/**
 * No counter of the container. The machine's counter can still say that nobody was killed for memory at all, or, with
 * a signal 9 at the same time, that the machine was short.
 */
function judgeUncounted(evidence: Evidence): Verdict {
  const { machineOomKill, limitHit } = counterChanges(evidence.before, evidence.after);
  const near = wasNearLimit(evidence);
  if (machineOomKill === 0) {
    return evidence.startFailure
      ? judgeStart(evidence, evidence.startFailure)
      : killedOutside(evidence, surenessOfOutside(evidence));
  }
  if (machineOomKill !== null) {
    const limited = evidence.limitSource !== 'machine' && near && limitHit !== 0;
    return limited ? memoryLimit(evidence, 'medium') : memoryElsewhere(evidence, near ? 'medium' : 'high');
  }
  if (limitHit !== null && limitHit > 0 && near) {
    return memoryLimit(evidence, 'medium');
  }
  return unknownVerdict(evidence);
}

/** A program that guards the machine's memory (systemd-oomd, the kubelet) kills without the system's counter. */
function surenessOfOutside(evidence: Evidence): Confidence {
  return isMachineShort(evidence) ? 'medium' : 'high';
}

function killedOutside(evidence: Evidence, confidence: Confidence): Verdict {
  const held = heldBytes(evidence);
  const short = isMachineShort(evidence);
  const own = counterProofs(evidence, 'oom-kill');
  return {
    cause: 'killed-outside',
    confidence,
    memory: short ? 'unknown' : 'no',
    heldBytes: held?.bytes ?? null,
    proofs: [
      ...exitProofs(evidence),
      ...(own.length > 0 ? own : counterProofs(evidence, 'machine-oom-kill')),
      ...notMemoryProofs(evidence),
      ...(short ? machineProofs(evidence) : []),
      ...heldProofs(held),
      ...busyProofs(evidence),
      ...togetherProofs(evidence),
      ...workerProofs(evidence)
    ],
    advice: [{ kind: 'not-you' }, { kind: 'ask-support' }]
  };
}

const ORDER: readonly Confidence[] = ['none', 'medium', 'high', 'certain'];

function weaker(a: Confidence, b: Confidence): Confidence {
  return ORDER.indexOf(a) < ORDER.indexOf(b) ? a : b;
}
