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
      return judgeOutside(evidence);
    case 'unreadable':
      return judgeUncounted(evidence);
    default:
      return judgeCounted(evidence, found);
  }
}

/**
 * The counter moved, and what it counted was not used for another death. It is as sure as it can be when one process
 * died; several deaths with fewer kills in sight, or a worker that vanished beside it, leave a doubt whose kill it was.
 */
function judgeCounted(evidence: Evidence, found: IShortage): Verdict {
  const { diedTogether, lostWorkers } = evidence;
  const alone = found.kills >= 1 + diedTogether.length && found.kills > lostWorkers.length;
  const confidence = alone ? found.confidence : weaker(found.confidence, 'high');
  switch (found.where) {
    case 'own':
      return memoryLimit(evidence, confidence);
    case 'elsewhere':
      return memoryElsewhere(evidence, confidence);
    default:
      return { ...unknownVerdict(evidence), memory: 'yes' };
  }
}

/**
 * No counter of the container. The machine's counter can still say that nobody was killed for memory at all, or, with
 * a signal 9 at the same time, that the machine was short.
 */
function judgeUncounted(evidence: Evidence): Verdict {
  const { machineOomKill, limitHit } = counterChanges(evidence.before, evidence.after);
  const near = wasNearLimit(evidence);
  if (machineOomKill === 0) {
    return judgeOutside(evidence);
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

/** Nobody was killed for memory by the system: somebody sent the signal. */
function judgeOutside(evidence: Evidence): Verdict {
  if (evidence.startFailure) {
    return judgeStart(evidence, evidence.startFailure);
  }
  // Programs that guard the machine's memory (systemd-oomd, the kubelet) kill without the system's counter. And one
  // kill with two deaths may have been for this one: it was given to the other, of which was heard first.
  const doubted = isMachineShort(evidence) || evidence.diedTogether.length > 0;
  return killedOutside(evidence, doubted ? 'medium' : 'high');
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
