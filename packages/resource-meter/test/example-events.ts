import type { Cause, Death, Evidence, Notice, Sample, Verdict } from '@labkeeper/protocol';

const GB = 1024 ** 3;
const MB = 1024 ** 2;

/** When the example death was, 14:03:21 UTC. */
export const DEATH_MS = Date.UTC(2026, 10, 24, 14, 3, 21);

/** Facts about the example kernel `analysis.ipynb`, killed in a container of 8 GB. */
export function exampleEvidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    atMs: DEATH_MS,
    kernel: {
      kernelId: 'kernel-1',
      pid: 4711,
      kernelName: 'python3',
      path: 'work/analysis.ipynb',
      title: 'analysis.ipynb',
      owner: 'notebook',
      state: 'busy',
      stateSinceMs: DEATH_MS - 192_000
    },
    kernelDied: true,
    exit: { how: 'signal', signal: 9, coreDumped: false },
    intent: 'none',
    startFailure: null,
    limitBytes: 8 * GB,
    limitSource: 'cgroup',
    oomGroup: false,
    before: {
      atMs: DEATH_MS - 1000,
      cgroupVersion: 2,
      oomKill: 0,
      limitHit: 0,
      oomGroupKill: 0,
      pidsRefused: 0,
      machineOomKill: 3
    },
    after: {
      atMs: DEATH_MS,
      cgroupVersion: 2,
      oomKill: 1,
      limitHit: 4,
      oomGroupKill: 0,
      pidsRefused: 0,
      machineOomKill: 4
    },
    memoryBefore: {
      atMs: DEATH_MS - 1000,
      usageBytes: 8 * GB,
      unreclaimableBytes: Math.round(7.9 * GB),
      cacheBytes: Math.round(0.1 * GB)
    },
    memoryAfter: null,
    peakBytes: 8 * GB,
    kernelSampleBytes: Math.round(6.9 * GB),
    kernelSampleAtMs: DEATH_MS - 1000,
    kernelPeakBytes: Math.round(6.9 * GB),
    kernelLatelyBytes: null,
    exitPeakBytes: null,
    diedTogether: [],
    diedTogetherPeakBytes: null,
    lostWorkers: [],
    shm: { path: '/dev/shm', usedBytes: 64 * MB, sizeBytes: 64 * MB, freeBytes: 0 },
    home: { path: '/home', usedBytes: 41 * GB, sizeBytes: 50 * GB, freeBytes: 9 * GB },
    processes: { current: 60, limit: 512 },
    machineAvailableBytes: 20 * GB,
    machineTotalBytes: 64 * GB,
    busyForMs: 192_000,
    recentBytes: [1, 1.2, 2, 3.5, 5, 6.8, 7.9].map(gb => Math.round(gb * GB)),
    otherKernels: [
      { kernelId: 'kernel-2', title: 'load.ipynb', memoryBytes: Math.round(0.9 * GB), idleForMs: 7_200_000 }
    ],
    series: 1,
    fromFlightRecorder: false,
    ...changes
  };
}

/** The verdict on the example death. */
export function exampleVerdict(changes: Partial<Verdict> = {}): Verdict {
  return {
    cause: 'memory-limit',
    confidence: 'certain',
    memory: 'yes',
    heldBytes: Math.round(6.9 * GB),
    proofs: [
      { kind: 'limit', limitBytes: 8 * GB, unreclaimableBytes: Math.round(7.9 * GB) },
      { kind: 'held', bytes: Math.round(6.9 * GB), how: 'sample' },
      { kind: 'counter', counter: 'oom-kill', before: 0, after: 1 },
      { kind: 'signal', signal: 9 },
      { kind: 'busy', forMs: 192_000 }
    ],
    advice: [
      { kind: 'load-less' },
      {
        kind: 'free-kernel',
        kernelId: 'kernel-2',
        title: 'load.ipynb',
        bytes: Math.round(0.9 * GB),
        idleForMs: 7_200_000
      },
      { kind: 'bigger-tier', resource: 'memory' }
    ],
    ...changes
  };
}

/** A death by the memory limit, as the companion sends it at first. */
export function exampleDeath(changes: Partial<Death> = {}): Death {
  return {
    id: 'death-1',
    atMs: DEATH_MS,
    verdict: exampleVerdict(),
    evidence: exampleEvidence(),
    consequence: 'pending',
    ...changes
  };
}

/** A notice that a worker of a living kernel was killed. */
export function exampleNotice(changes: Partial<Notice> = {}): Notice {
  return {
    id: 'notice-1',
    atMs: DEATH_MS,
    verdict: exampleVerdict({
      cause: 'worker-killed',
      confidence: 'high',
      proofs: [{ kind: 'worker', name: 'python', memoryBytes: 2 * GB }],
      advice: [{ kind: 'fewer-workers' }, { kind: 'interrupt-kernel', kernelId: 'kernel-1' }]
    }),
    kernels: [{ kernelId: 'kernel-1', title: 'analysis.ipynb' }],
    over: false,
    ...changes
  };
}

/** A sample with so much of the 8 GB in use that cannot be freed. */
export function exampleSample(unreclaimableBytes: number): Sample {
  return {
    atMs: DEATH_MS,
    memory: {
      limitBytes: 8 * GB,
      limitSource: 'cgroup',
      usageBytes: unreclaimableBytes,
      unreclaimableBytes,
      cacheBytes: 0,
      anonBytes: unreclaimableBytes,
      shmemBytes: 0,
      kernelBytes: 0,
      peakBytes: null,
      swapBytes: null
    },
    cpu: null,
    shm: null,
    home: null,
    processes: null,
    pressure: null,
    gpus: [],
    kernels: []
  };
}

/** Every cause there is. */
export const CAUSES: readonly Cause[] = [
  'memory-limit',
  'memory-elsewhere',
  'killed-outside',
  'terminated-outside',
  'segfault',
  'bus-error',
  'shm-full',
  'illegal-instruction',
  'abort',
  'floating-point',
  'exited',
  'start-failed',
  'too-many-processes',
  'disk-full',
  'worker-killed',
  'container-killed',
  'container-stopped',
  'cpu-throttled',
  'asked-for',
  'runs-elsewhere',
  'unknown'
];

/** One proof of every kind. */
export const PROOFS: Verdict['proofs'] = [
  { kind: 'limit', limitBytes: 8 * GB, unreclaimableBytes: null },
  { kind: 'limit', limitBytes: 8 * GB, unreclaimableBytes: 7 * GB },
  { kind: 'peak', bytes: 8 * GB },
  { kind: 'held', bytes: 6 * GB, how: 'sample' },
  { kind: 'held', bytes: 6 * GB, how: 'difference' },
  ...(['oom-kill', 'limit-hit', 'group-kill', 'pids-refused', 'machine-oom-kill'] as const).flatMap(
    counter => [
      { kind: 'counter' as const, counter, before: 0, after: 1 },
      { kind: 'counter' as const, counter, before: 2, after: 2 }
    ]
  ),
  { kind: 'signal', signal: 11 },
  { kind: 'exit-code', code: 3 },
  { kind: 'busy', forMs: 1000 },
  { kind: 'was-idle' },
  { kind: 'not-memory', usedBytes: 2 * GB, limitBytes: 8 * GB },
  { kind: 'not-memory', usedBytes: 2 * GB, limitBytes: null },
  { kind: 'machine-memory', availableBytes: GB, totalBytes: 64 * GB },
  { kind: 'shm', usedBytes: 64 * MB, sizeBytes: 64 * MB },
  { kind: 'disk', freeBytes: 0, sizeBytes: 50 * GB },
  { kind: 'processes', current: 512, limit: 512 },
  { kind: 'worker', name: 'python', memoryBytes: GB },
  { kind: 'start-message', text: 'No module named ipykernel' },
  { kind: 'ended-first', cause: 'killed-outside' },
  { kind: 'died-together', kernels: 2 },
  { kind: 'last-sample', atMs: DEATH_MS, unreclaimableBytes: 7 * GB, limitBytes: 8 * GB },
  { kind: 'threads', threads: 64, quotaCores: 0.5 },
  { kind: 'throttled', share: 0.8, forMs: 300_000 },
  { kind: 'no-status' }
];

/** One piece of advice of every kind. */
export const ADVICE: Verdict['advice'] = [
  { kind: 'load-less' },
  { kind: 'free-kernel', kernelId: 'kernel-2', title: 'load.ipynb', bytes: GB, idleForMs: 7_200_000 },
  { kind: 'free-kernel', kernelId: 'kernel-3', title: 'b.ipynb', bytes: GB, idleForMs: null },
  { kind: 'bigger-tier', resource: 'memory' },
  { kind: 'bigger-tier', resource: 'cpu' },
  { kind: 'not-you' },
  { kind: 'native-code' },
  { kind: 'shm-use' },
  { kind: 'fewer-processes' },
  { kind: 'free-disk' },
  { kind: 'fewer-workers' },
  { kind: 'interrupt-kernel', kernelId: 'kernel-1' },
  { kind: 'look-at-code' },
  { kind: 'fix-start', module: 'ipykernel' },
  { kind: 'fix-start', module: null },
  { kind: 'set-threads', variable: 'OMP_NUM_THREADS', value: 1 },
  { kind: 'ask-support' }
];
