import type { Advice, Cause, Confidence, Evidence, Verdict } from '@labkeeper/protocol';
import { counterChanges } from './counter-changes.js';
import { isFull, isShmFull } from './fullness.js';
import { heldBytes } from './held.js';
import { judgeKill } from './judge-kill.js';
import { judgeStart } from './judge-start.js';
import {
  busyProofs,
  diskProofs,
  exitProofs,
  fullProofs,
  heldProofs,
  machineProofs,
  movedProofs,
  notMemoryProofs,
  shmProofs,
  workerProofs
} from './proofs.js';
import { isMachineShort } from './shortage.js';
import { tooManyProcesses } from './too-many-processes.js';

const SIGINT = 2;
const SIGILL = 4;
const SIGABRT = 6;
const SIGBUS = 7;
const SIGFPE = 8;
const SIGKILL = 9;
const SIGSEGV = 11;
const SIGTERM = 15;

/** Signals a process raises against itself, or a system tool in answer to what it did: that they came from outside is not sure. */
const SELF_MADE = new Set([
  5, // SIGTRAP: a trap instruction of native code
  13, // SIGPIPE: wrote to a closed pipe
  14, // SIGALRM: its own timer
  24, // SIGXCPU: a CPU time limit
  25, // SIGXFSZ: a file size limit
  26, // SIGVTALRM: its own timer
  27, // SIGPROF: its own timer
  31 // SIGSYS: a forbidden system call
]);

const CRASHES: ReadonlyMap<number, Cause> = new Map([
  [SIGSEGV, 'segfault'],
  [SIGILL, 'illegal-instruction'],
  [SIGABRT, 'abort'],
  [SIGFPE, 'floating-point']
]);

/** The verdict about a kernel that ended by a signal. */
export function judgeSignal(evidence: Evidence, signal: number): Verdict {
  const refused = (counterChanges(evidence.before, evidence.after).pidsRefused ?? 0) > 0;
  if (signal === SIGKILL) {
    return judgeKill(evidence);
  }
  // OpenBLAS raises SIGINT, and C++ aborts, when a thread cannot be started.
  if (refused && (signal === SIGABRT || signal === SIGINT)) {
    return tooManyProcesses(evidence, 'high');
  }
  if (signal === SIGBUS) {
    return judgeBusError(evidence);
  }
  const crash = CRASHES.get(signal);
  if (crash) {
    return notMemory(evidence, crash, 'certain', [
      { kind: 'native-code' },
      ...(refused ? ([{ kind: 'fewer-processes' }] as const) : [])
    ]);
  }
  if (evidence.startFailure && signal === SIGTERM) {
    // The server ends what did not come up in time by SIGTERM and SIGKILL.
    return judgeStart(evidence, evidence.startFailure);
  }
  if (signal === SIGTERM) {
    return outside(evidence, 'terminated-outside', 'high');
  }
  return outside(evidence, 'killed-outside', SELF_MADE.has(signal) ? 'medium' : 'high');
}

function judgeBusError(evidence: Evidence): Verdict {
  const busy = evidence.busyForMs !== null;
  if (isShmFull(evidence.shm)) {
    return {
      cause: 'shm-full',
      confidence: busy ? 'high' : 'medium',
      memory: 'no',
      heldBytes: heldBytes(evidence)?.bytes ?? null,
      proofs: [
        ...shmProofs(evidence),
        ...exitProofs(evidence),
        ...busyProofs(evidence),
        ...notMemoryProofs(evidence)
      ],
      advice: [{ kind: 'shm-use' }, { kind: 'ask-support' }]
    };
  }
  // A write through a memory map has nowhere to report a full disk but by this signal.
  if (isFull(evidence.home) && busy) {
    return {
      cause: 'disk-full',
      confidence: 'medium',
      memory: 'no',
      heldBytes: heldBytes(evidence)?.bytes ?? null,
      proofs: [...diskProofs(evidence), ...exitProofs(evidence), ...busyProofs(evidence)],
      advice: [{ kind: 'free-disk' }]
    };
  }
  const verdict = notMemory(evidence, 'bus-error', 'certain', [{ kind: 'native-code' }, { kind: 'shm-use' }]);
  // `/dev/shm` is shown full or not: a process that dies of it often takes its segments along.
  return { ...verdict, proofs: [...verdict.proofs, ...shmProofs(evidence)] };
}

/** A verdict that has nothing to do with memory, whatever the counters did for others meanwhile. */
function notMemory(evidence: Evidence, cause: Cause, confidence: Confidence, advice: Advice[]): Verdict {
  const held = heldBytes(evidence);
  return {
    cause,
    confidence,
    memory: 'no',
    heldBytes: held?.bytes ?? null,
    proofs: [
      ...exitProofs(evidence),
      ...notMemoryProofs(evidence),
      ...heldProofs(held),
      ...busyProofs(evidence),
      ...movedProofs(evidence, 'pids-refused'),
      // A worker may have been killed for memory beside it: said, because the counter moved.
      ...movedProofs(evidence, 'oom-kill'),
      ...workerProofs(evidence)
    ],
    advice
  };
}

function outside(evidence: Evidence, cause: Cause, confidence: Confidence): Verdict {
  const held = heldBytes(evidence);
  // Programs that guard a machine's memory (earlyoom) end processes with SIGTERM.
  const short = isMachineShort(evidence);
  return {
    cause,
    confidence,
    memory: short ? 'unknown' : 'no',
    heldBytes: held?.bytes ?? null,
    proofs: [
      ...exitProofs(evidence),
      ...(short ? machineProofs(evidence) : notMemoryProofs(evidence)),
      ...heldProofs(held),
      ...busyProofs(evidence),
      ...movedProofs(evidence, 'oom-kill'),
      ...workerProofs(evidence),
      ...fullProofs(evidence)
    ],
    advice: [{ kind: 'not-you' }, { kind: 'ask-support' }]
  };
}
