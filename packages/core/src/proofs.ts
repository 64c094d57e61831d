import type { Counters, Evidence, Proof } from '@labkeeper/protocol';
import { isFull, isShmFull } from './fullness.js';
import type { IHeld } from './held.js';

// Each function gives the proofs of one subject, none where nothing is known of it. Verdicts choose and order them.

/** The limit, and how much could not be freed when it was last looked at. */
export function limitProofs({ limitBytes, memoryBefore }: Evidence): Proof[] {
  return limitBytes === null
    ? []
    : [{ kind: 'limit', limitBytes, unreclaimableBytes: memoryBefore?.unreclaimableBytes ?? null }];
}

/** The highest use of the container. */
export function peakProofs({ peakBytes }: Evidence): Proof[] {
  return peakBytes === null ? [] : [{ kind: 'peak', bytes: peakBytes }];
}

/** What the kernel held. */
export function heldProofs(held: IHeld | null): Proof[] {
  return held === null ? [] : [{ kind: 'held', bytes: held.bytes, how: held.how }];
}

const COUNTERS = {
  'oom-kill': 'oomKill',
  'limit-hit': 'limitHit',
  'group-kill': 'oomGroupKill',
  'pids-refused': 'pidsRefused',
  'machine-oom-kill': 'machineOomKill'
} as const satisfies Record<string, keyof Counters>;

/** A counter before and after, moved or not: standing still is a proof as well. */
export function counterProofs({ before, after }: Evidence, counter: keyof typeof COUNTERS): Proof[] {
  const from = before?.[COUNTERS[counter]] ?? null;
  const to = after?.[COUNTERS[counter]] ?? null;
  return from === null || to === null || to < from
    ? []
    : [{ kind: 'counter', counter, before: from, after: to }];
}

/** The same, only if it moved. */
export function movedProofs(evidence: Evidence, counter: keyof typeof COUNTERS): Proof[] {
  return counterProofs(evidence, counter).filter(
    proof => proof.kind === 'counter' && proof.after > proof.before
  );
}

/** How the process ended. */
export function exitProofs({ exit }: Evidence): Proof[] {
  switch (exit.how) {
    case 'signal':
      return [{ kind: 'signal', signal: exit.signal }];
    case 'code':
      return [{ kind: 'exit-code', code: exit.code }];
    case 'unknown':
      return [{ kind: 'no-status' }];
  }
}

/** Whether something ran. */
export function busyProofs({ busyForMs }: Evidence): Proof[] {
  return [busyForMs === null ? { kind: 'was-idle' } : { kind: 'busy', forMs: busyForMs }];
}

/** How much memory was in use, where memory was not the reason. */
export function notMemoryProofs({ memoryBefore, limitBytes }: Evidence): Proof[] {
  return memoryBefore === null
    ? []
    : [{ kind: 'not-memory', usedBytes: memoryBefore.unreclaimableBytes, limitBytes }];
}

/** What the machine has left. */
export function machineProofs({ machineAvailableBytes, machineTotalBytes }: Evidence): Proof[] {
  return machineAvailableBytes === null || machineTotalBytes === null
    ? []
    : [{ kind: 'machine-memory', availableBytes: machineAvailableBytes, totalBytes: machineTotalBytes }];
}

/** `/dev/shm`. */
export function shmProofs({ shm }: Evidence): Proof[] {
  return shm === null || shm.sizeBytes === 0
    ? []
    : [{ kind: 'shm', usedBytes: shm.usedBytes, sizeBytes: shm.sizeBytes }];
}

/** The home file system. */
export function diskProofs({ home }: Evidence): Proof[] {
  return home === null || home.sizeBytes === 0
    ? []
    : [{ kind: 'disk', freeBytes: home.freeBytes, sizeBytes: home.sizeBytes }];
}

/** File systems that were full: worth saying beside any unexplained end. */
export function fullProofs(evidence: Evidence): Proof[] {
  return [
    ...(isShmFull(evidence.shm) ? shmProofs(evidence) : []),
    ...(isFull(evidence.home) ? diskProofs(evidence) : [])
  ];
}

/** Processes and their limit. */
export function processProofs({ processes }: Evidence): Proof[] {
  return processes === null || processes.limit === null
    ? []
    : [{ kind: 'processes', current: processes.current, limit: processes.limit }];
}

/** Workers that vanished, the largest three. */
export function workerProofs({ lostWorkers }: Evidence): Proof[] {
  return [...lostWorkers]
    .sort((a, b) => b.memoryBytes - a.memoryBytes)
    .slice(0, 3)
    .map(({ name, memoryBytes }) => ({ kind: 'worker', name, memoryBytes }));
}

/** How many kernels went in the same shortage, this one included. */
export function togetherProofs({ diedTogether }: Evidence): Proof[] {
  return diedTogether.length === 0 ? [] : [{ kind: 'died-together', kernels: diedTogether.length + 1 }];
}

/** The last that was seen of the container. */
export function lastSampleProofs({ memoryBefore, limitBytes }: Evidence): Proof[] {
  return memoryBefore === null
    ? []
    : [
        {
          kind: 'last-sample',
          atMs: memoryBefore.atMs,
          unreclaimableBytes: memoryBefore.unreclaimableBytes,
          limitBytes
        }
      ];
}

/** What the system said when the kernel could not start, shortened to what a proof may hold. */
export function startProofs({ startFailure }: Evidence): Proof[] {
  const text = startFailure?.message || lastLine(startFailure?.stderrTail ?? '');
  return text === '' ? [] : [{ kind: 'start-message', text: text.slice(0, 4096) }];
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
