import type { Advice, Cause, Confidence, Evidence, MemoryAnswer, Proof } from '@labkeeper/protocol';
import {
  AT_MS,
  CODE,
  disk,
  evidence,
  FULL_HOME,
  FULL_SHM,
  GIB,
  grew,
  LIMIT,
  memory,
  MIB,
  SIGNAL,
  UNSEEN
} from './evidence.test.data.js';
import { judge } from './judge.js';

const OWN = grew({ oomKill: 1, limitHit: 1, machineOomKill: 1 });
const NEAR = { memoryBefore: memory(0.98 * LIMIT), memoryAfter: memory(300 * MIB, AT_MS) };
const NO_COUNTERS = grew({ oomKill: null, limitHit: null, machineOomKill: null, pidsRefused: null }, null);
const WORKER = { pid: 99, name: 'python', memoryBytes: 800 * MIB };
const SHORT_MACHINE = { machineAvailableBytes: GIB, machineTotalBytes: 64 * GIB };
const START = { message: 'Kernel died before replying to kernel_info', stderrTail: '' };
const STARTING = { ...evidence().kernel, state: 'starting' };

type Row = [string, Partial<Evidence>, Cause, Confidence, MemoryAnswer];

const ROWS: Row[] = [
  // Own limit, or another's
  ['killed at its own limit, v2', { ...OWN, ...NEAR }, 'memory-limit', 'certain', 'yes'],
  [
    'a runaway between two samples, v2',
    { ...OWN, memoryBefore: memory(0.1 * LIMIT) },
    'memory-limit',
    'certain',
    'yes'
  ],
  ['killed with the own limit not reached, v2', grew({ oomKill: 1 }), 'memory-elsewhere', 'high', 'yes'],
  [
    'the same at 98 % of the own limit, v2',
    { ...grew({ oomKill: 1 }), ...NEAR },
    'memory-elsewhere',
    'high',
    'yes'
  ],
  [
    'killed at the limit of a group above that is the one in force',
    { ...grew({ oomKill: 1 }), ...NEAR, limitSource: 'parent-cgroup' },
    'memory-limit',
    'high',
    'yes'
  ],
  [
    'killed because of neighbours in a group above',
    { ...grew({ oomKill: 1 }), limitSource: 'parent-cgroup' },
    'memory-elsewhere',
    'high',
    'yes'
  ],
  [
    'killed at its own limit, v1',
    { ...grew({ oomKill: 1, limitHit: 40 }, 1), ...NEAR },
    'memory-limit',
    'certain',
    'yes'
  ],
  [
    'killed at its own limit, v1, where the limit with swap is the same and failcnt stands still',
    { ...grew({ oomKill: 1 }, 1), ...NEAR },
    'memory-limit',
    'high',
    'yes'
  ],
  [
    'a runaway between two samples, v1, on a machine with memory to spare',
    { ...grew({ oomKill: 1, limitHit: 40 }, 1), memoryBefore: memory(0.1 * LIMIT) },
    'memory-limit',
    'high',
    'yes'
  ],
  [
    'the machine ran short while page cache filled the limit, v1',
    { ...grew({ oomKill: 1, limitHit: 40 }, 1), ...SHORT_MACHINE },
    'memory-elsewhere',
    'medium',
    'yes'
  ],
  [
    // Measured: the looks came 0.7 s apart while two kernels grew by 600 MB.
    'its own peak that nobody saw and what is left fill the limit, v1, failcnt still',
    {
      ...grew({ oomKill: 1 }, 1),
      limitBytes: 734003200,
      memoryBefore: memory(148000768),
      memoryAfter: memory(406958080, AT_MS),
      kernelSampleBytes: 36986880,
      kernelPeakBytes: 36986880,
      exitPeakBytes: 342736896
    },
    'memory-limit',
    'medium',
    'yes'
  ],
  [
    // Measured on a busy machine: the last look was 0.6 s old, and what was left was read after both were dead.
    'its own unseen peak, that of one who died with it and what is left fill the limit, v1, failcnt still',
    {
      ...grew({ oomKill: 2 }, 1),
      limitBytes: 734003200,
      memoryBefore: memory(139677696),
      memoryAfter: memory(104194048, AT_MS),
      kernelSampleBytes: 36823040,
      kernelPeakBytes: 36823040,
      exitPeakBytes: 338460672,
      diedTogether: ['b'],
      diedTogetherPeakBytes: 320000000
    },
    'memory-limit',
    'medium',
    'yes'
  ],
  [
    'the same with a peak that samples had seen long before',
    {
      ...grew({ oomKill: 1 }, 1),
      limitBytes: 734003200,
      memoryBefore: memory(148000768),
      memoryAfter: memory(406958080, AT_MS),
      kernelSampleBytes: 36986880,
      kernelPeakBytes: 340000000,
      exitPeakBytes: 342736896
    },
    'memory-elsewhere',
    'medium',
    'yes'
  ],
  [
    'killed below the limit with failcnt still, v1',
    grew({ oomKill: 1 }, 1),
    'memory-elsewhere',
    'medium',
    'yes'
  ],
  [
    'killed on a short machine with failcnt still, v1',
    { ...grew({ oomKill: 1 }, 1), ...SHORT_MACHINE },
    'memory-elsewhere',
    'high',
    'yes'
  ],
  [
    'killed in a group without a limit, v1',
    { ...grew({ oomKill: 1 }, 1), limitSource: 'machine', limitBytes: 64 * GIB, ...SHORT_MACHINE },
    'memory-elsewhere',
    'high',
    'yes'
  ],
  [
    'a kill was counted but nothing says at which limit',
    { ...grew({ oomKill: 1, limitHit: null }, 2), memoryBefore: null },
    'unknown',
    'none',
    'yes'
  ],
  // Signal 9 without a kill
  ['killed by hand', {}, 'killed-outside', 'high', 'no'],
  ['killed by hand at 99 % memory', { memoryBefore: memory(0.99 * LIMIT) }, 'killed-outside', 'high', 'no'],
  [
    'killed by hand while page cache was reclaimed at the limit, v1',
    { ...grew({ limitHit: 300 }, 1), memoryBefore: memory(0.99 * LIMIT) },
    'killed-outside',
    'high',
    'no'
  ],
  [
    'killed by hand while a neighbour ran out of memory',
    grew({ machineOomKill: 1 }),
    'killed-outside',
    'high',
    'no'
  ],
  ['killed on a short machine, by a guard perhaps', SHORT_MACHINE, 'killed-outside', 'medium', 'unknown'],
  [
    'signal 9 while another kernel took the only kill',
    { ...grew({}), diedTogether: ['other'] },
    'killed-outside',
    'medium',
    'no'
  ],
  // Counters that are not there
  ['signal 9, no counters at all', { ...NO_COUNTERS, ...NEAR }, 'unknown', 'none', 'unknown'],
  [
    'signal 9, counters of another group',
    { ...grew({ oomKill: 1 }), before: null },
    'unknown',
    'none',
    'unknown'
  ],
  [
    'signal 9, only the machine counts, and stood still',
    grew({ oomKill: null, limitHit: null }, null),
    'killed-outside',
    'high',
    'no'
  ],
  [
    'signal 9, only the machine counts, and moved',
    { ...grew({ oomKill: null, limitHit: null, machineOomKill: 1 }, null), limitSource: 'machine' },
    'memory-elsewhere',
    'high',
    'yes'
  ],
  [
    'signal 9, only the machine counts, and moved, at the limit',
    { ...grew({ oomKill: null, machineOomKill: 1, limitHit: 4 }, 1), ...NEAR },
    'memory-limit',
    'medium',
    'yes'
  ],
  [
    'signal 9 at the limit of a system that counts only how often it was reached',
    { ...grew({ oomKill: null, machineOomKill: null, limitHit: 4 }, 1), ...NEAR },
    'memory-limit',
    'medium',
    'yes'
  ],
  [
    'counters that went back',
    {
      before: grew({ oomKill: 1 }).after,
      after: grew({ oomKill: 1, machineOomKill: null }).before,
      memoryBefore: null
    },
    'unknown',
    'none',
    'unknown'
  ],
  // Several deaths
  [
    'two kernels, two kills',
    { ...grew({ oomKill: 2, limitHit: 1 }), ...NEAR, diedTogether: ['other'] },
    'memory-limit',
    'certain',
    'yes'
  ],
  [
    'two kernels, one kill in sight',
    { ...OWN, ...NEAR, diedTogether: ['other'] },
    'memory-limit',
    'high',
    'yes'
  ],
  [
    'a kernel and a worker, one kill',
    { ...OWN, ...NEAR, lostWorkers: [WORKER] },
    'memory-limit',
    'high',
    'yes'
  ],
  // Other signals
  ['SIGTERM', { exit: SIGNAL(15) }, 'terminated-outside', 'high', 'no'],
  [
    'SIGTERM on a short machine',
    { exit: SIGNAL(15), ...SHORT_MACHINE },
    'terminated-outside',
    'high',
    'unknown'
  ],
  ['SIGSEGV', { exit: SIGNAL(11) }, 'segfault', 'certain', 'no'],
  [
    'SIGSEGV beside a worker that was killed for memory',
    { exit: SIGNAL(11), ...OWN, ...NEAR, lostWorkers: [WORKER] },
    'segfault',
    'certain',
    'no'
  ],
  [
    'SIGSEGV with processes refused',
    { exit: SIGNAL(11), ...grew({ pidsRefused: 1 }) },
    'segfault',
    'certain',
    'no'
  ],
  ['SIGBUS', { exit: SIGNAL(7) }, 'bus-error', 'certain', 'no'],
  ['SIGBUS with /dev/shm full', { exit: SIGNAL(7), shm: FULL_SHM }, 'shm-full', 'high', 'no'],
  [
    'SIGBUS with a large /dev/shm 99 % used',
    { exit: SIGNAL(7), shm: disk('/dev/shm', 8 * GIB, 60 * MIB) },
    'shm-full',
    'high',
    'no'
  ],
  [
    'SIGBUS of an idle kernel with /dev/shm full',
    { exit: SIGNAL(7), shm: FULL_SHM, busyForMs: null },
    'shm-full',
    'medium',
    'no'
  ],
  [
    'SIGBUS without any /dev/shm',
    { exit: SIGNAL(7), shm: disk('/dev/shm', 0, 0) },
    'bus-error',
    'certain',
    'no'
  ],
  ['SIGBUS with a full home', { exit: SIGNAL(7), home: FULL_HOME }, 'disk-full', 'medium', 'no'],
  [
    'SIGBUS of an idle kernel with a full home',
    { exit: SIGNAL(7), home: FULL_HOME, busyForMs: null },
    'bus-error',
    'certain',
    'no'
  ],
  ['SIGILL', { exit: SIGNAL(4) }, 'illegal-instruction', 'certain', 'no'],
  ['SIGABRT', { exit: SIGNAL(6) }, 'abort', 'certain', 'no'],
  [
    'SIGABRT with threads refused',
    { exit: SIGNAL(6), ...grew({ pidsRefused: 3 }) },
    'too-many-processes',
    'high',
    'no'
  ],
  [
    'SIGINT with threads refused (OpenBLAS)',
    { exit: SIGNAL(2), ...grew({ pidsRefused: 3 }) },
    'too-many-processes',
    'high',
    'no'
  ],
  ['SIGFPE', { exit: SIGNAL(8) }, 'floating-point', 'certain', 'no'],
  ['SIGINT', { exit: SIGNAL(2) }, 'killed-outside', 'high', 'no'],
  ['SIGHUP', { exit: SIGNAL(1) }, 'killed-outside', 'high', 'no'],
  ['SIGXCPU', { exit: SIGNAL(24) }, 'killed-outside', 'medium', 'no'],
  ['a real-time signal', { exit: SIGNAL(40) }, 'killed-outside', 'high', 'no'],
  // Codes
  ['code 3', { exit: CODE(3) }, 'exited', 'certain', 'no'],
  ['code 0', { exit: CODE(0) }, 'exited', 'certain', 'no'],
  ['code 1 at 99 % memory', { exit: CODE(1), memoryBefore: memory(0.99 * LIMIT) }, 'exited', 'certain', 'no'],
  ['code 1 beside a kill of something else', { exit: CODE(1), ...OWN }, 'exited', 'certain', 'unknown'],
  ['code 3 with a full home', { exit: CODE(3), home: FULL_HOME }, 'exited', 'certain', 'no'],
  [
    'code 1 with processes refused',
    { exit: CODE(1), ...grew({ pidsRefused: 1 }) },
    'too-many-processes',
    'high',
    'no'
  ],
  [
    'code 3 with processes refused',
    { exit: CODE(3), ...grew({ pidsRefused: 1 }) },
    'too-many-processes',
    'medium',
    'no'
  ],
  [
    'code 0 with processes refused',
    { exit: CODE(0), ...grew({ pidsRefused: 1 }) },
    'exited',
    'certain',
    'no'
  ],
  // Starts
  [
    'a start that failed',
    { exit: CODE(1), startFailure: START, kernel: STARTING },
    'start-failed',
    'certain',
    'no'
  ],
  [
    'a start without any process: bad kernelspec',
    { exit: UNSEEN, startFailure: START, kernel: { ...STARTING, pid: null } },
    'start-failed',
    'certain',
    'no'
  ],
  [
    'a start that the server gave up and killed',
    { exit: SIGNAL(9), startFailure: START, kernel: STARTING },
    'start-failed',
    'certain',
    'no'
  ],
  [
    'killed by hand, and its successor did not start',
    { exit: SIGNAL(9), startFailure: START },
    'start-failed',
    'certain',
    'no'
  ],
  [
    'killed for memory, and its successor did not start',
    { ...OWN, ...NEAR, startFailure: START },
    'start-failed',
    'certain',
    'yes'
  ],
  [
    'stopped for want of processes, and its successor found a full disk',
    {
      exit: SIGNAL(6),
      ...grew({ pidsRefused: 1 }),
      startFailure: { ...START, stderrTail: 'OSError: [Errno 28] No space left on device' }
    },
    'disk-full',
    'certain',
    'no'
  ],
  [
    'killed for memory while starting',
    { ...OWN, ...NEAR, startFailure: START, kernel: STARTING },
    'memory-limit',
    'certain',
    'yes'
  ],
  [
    'a start with no space left',
    { exit: CODE(1), startFailure: { ...START, stderrTail: 'OSError: [Errno 28] No space left on device' } },
    'disk-full',
    'certain',
    'no'
  ],
  [
    'a start with a full home',
    { exit: CODE(1), startFailure: START, home: FULL_HOME },
    'disk-full',
    'medium',
    'no'
  ],
  [
    'a missing module on a full home',
    { exit: CODE(1), startFailure: { ...START, stderrTail: "No module named 'numpy'" }, home: FULL_HOME },
    'start-failed',
    'certain',
    'no'
  ],
  [
    'a start with processes refused',
    { exit: CODE(1), startFailure: START, kernel: STARTING, ...grew({ pidsRefused: 1 }) },
    'too-many-processes',
    'certain',
    'no'
  ],
  [
    'a start that could not start a thread',
    { exit: CODE(1), startFailure: { ...START, stderrTail: "RuntimeError: can't start new thread" } },
    'too-many-processes',
    'high',
    'no'
  ],
  // Nobody saw the exit
  ['unseen, with a kill at the limit', { exit: UNSEEN, ...OWN, ...NEAR }, 'memory-limit', 'medium', 'yes'],
  [
    'unseen, with a kill elsewhere',
    { exit: UNSEEN, ...grew({ oomKill: 1 }) },
    'memory-elsewhere',
    'medium',
    'yes'
  ],
  [
    'unseen, with a kill that may be a worker’s',
    { exit: UNSEEN, ...OWN, lostWorkers: [WORKER] },
    'unknown',
    'none',
    'unknown'
  ],
  ['unseen, and nothing was killed', { exit: UNSEEN }, 'unknown', 'none', 'no'],
  ['unseen, and nothing is counted', { exit: UNSEEN, ...NO_COUNTERS }, 'unknown', 'none', 'unknown'],
  // No explanation needed, or possible
  [
    'a restart by its user, even at the limit',
    { intent: 'restart', ...OWN, ...NEAR },
    'asked-for',
    'certain',
    'no'
  ],
  ['culled', { intent: 'cull', exit: SIGNAL(15) }, 'asked-for', 'certain', 'no'],
  ['shut down', { intent: 'shutdown', exit: CODE(0) }, 'asked-for', 'certain', 'no'],
  ['server stopping', { intent: 'server-stop', exit: SIGNAL(9) }, 'asked-for', 'certain', 'no'],
  [
    'a kernel elsewhere, whatever moved here',
    { kernel: { ...evidence().kernel, pid: null }, exit: UNSEEN, ...OWN },
    'runs-elsewhere',
    'certain',
    'unknown'
  ],
  // The whole container
  [
    'container gone at 98 %',
    { fromFlightRecorder: true, exit: UNSEEN, ...NEAR },
    'container-killed',
    'high',
    'yes'
  ],
  [
    'container gone at 92 %, which dies as a group',
    {
      fromFlightRecorder: true,
      exit: UNSEEN,
      memoryBefore: memory(0.92 * LIMIT),
      oomGroup: true,
      recentBytes: []
    },
    'container-killed',
    'high',
    'yes'
  ],
  [
    'container gone at 92 %, calm',
    {
      fromFlightRecorder: true,
      exit: UNSEEN,
      memoryBefore: memory(0.92 * LIMIT),
      recentBytes: [0.92 * LIMIT]
    },
    'container-stopped',
    'medium',
    'no'
  ],
  [
    'container gone at 60 % with a second to go',
    {
      fromFlightRecorder: true,
      exit: UNSEEN,
      memoryBefore: memory(0.6 * LIMIT),
      recentBytes: [0, 0.3 * LIMIT, 0.6 * LIMIT]
    },
    'container-killed',
    'medium',
    'yes'
  ],
  ['container gone, calm', { fromFlightRecorder: true, exit: UNSEEN }, 'container-stopped', 'medium', 'no'],
  [
    'container gone, nothing known of memory',
    { fromFlightRecorder: true, exit: UNSEEN, memoryBefore: null },
    'container-stopped',
    'medium',
    'unknown'
  ],
  [
    'machine gone with its memory used up',
    { fromFlightRecorder: true, exit: UNSEEN, limitSource: 'machine', ...SHORT_MACHINE },
    'container-killed',
    'medium',
    'yes'
  ],
  // Living kernels
  [
    'a worker was killed at the limit',
    { kernelDied: false, exit: UNSEEN, ...OWN, ...NEAR, lostWorkers: [WORKER] },
    'worker-killed',
    'high',
    'yes'
  ],
  [
    'two workers vanished, one was killed',
    { kernelDied: false, exit: UNSEEN, ...OWN, ...NEAR, lostWorkers: [WORKER, WORKER] },
    'worker-killed',
    'medium',
    'yes'
  ],
  [
    'a worker ended, nothing was killed',
    { kernelDied: false, exit: UNSEEN, lostWorkers: [WORKER] },
    'unknown',
    'none',
    'unknown'
  ],
  [
    'processes refused',
    { kernelDied: false, exit: UNSEEN, ...grew({ pidsRefused: 4 }) },
    'too-many-processes',
    'certain',
    'no'
  ],
  ['home full', { kernelDied: false, exit: UNSEEN, home: FULL_HOME }, 'disk-full', 'certain', 'no'],
  ['/dev/shm full', { kernelDied: false, exit: UNSEEN, shm: FULL_SHM }, 'shm-full', 'certain', 'no']
];

function kinds(list: readonly (Proof | Advice)[]): string[] {
  return list.map(({ kind }) => kind);
}

describe('judge', () => {
  it.each(ROWS)('%s', (_what, changes, cause, confidence, answer) => {
    const verdict = judge(evidence(changes));
    expect([verdict.cause, verdict.confidence, verdict.memory]).toEqual([cause, confidence, answer]);
  });

  it('proves a memory death in the order people want: limit, peak, held, counters, signal, what ran', () => {
    const { proofs } = judge(evidence({ ...OWN, ...NEAR, peakBytes: LIMIT }));
    expect(kinds(proofs)).toEqual(['limit', 'peak', 'held', 'counter', 'counter', 'signal', 'busy']);
    expect(proofs).toContainEqual({ kind: 'counter', counter: 'oom-kill', before: 3, after: 4 });
    expect(proofs).toContainEqual({ kind: 'busy', forMs: 192_000 });
  });

  it('proves "not memory" by the counter that stood still and the memory in use', () => {
    const { proofs, advice } = judge(evidence({ memoryBefore: memory(0.99 * LIMIT) }));
    expect(proofs).toContainEqual({ kind: 'counter', counter: 'oom-kill', before: 3, after: 3 });
    expect(proofs).toContainEqual({ kind: 'not-memory', usedBytes: 0.99 * LIMIT, limitBytes: LIMIT });
    expect(kinds(advice)).not.toContain('load-less');
  });

  it('names the worker that was killed beside a segfault', () => {
    const { proofs } = judge(evidence({ exit: SIGNAL(11), ...OWN, lostWorkers: [WORKER] }));
    expect(proofs).toContainEqual({ kind: 'worker', name: 'python', memoryBytes: 800 * MIB });
    expect(proofs).toContainEqual({ kind: 'counter', counter: 'oom-kill', before: 3, after: 4 });
  });

  it('says that an exit was not seen, and everything that was', () => {
    const { proofs } = judge(evidence({ exit: UNSEEN, shm: FULL_SHM, ...grew({ pidsRefused: 1 }) }));
    expect(kinds(proofs)).toEqual(
      expect.arrayContaining(['no-status', 'counter', 'limit', 'held', 'busy', 'processes', 'shm'])
    );
  });

  it('tells of a kernel that does not come back why, and what ended it first', () => {
    const stderrTail = "ModuleNotFoundError: No module named 'ipykernel'";
    const verdict = judge(evidence({ ...OWN, ...NEAR, startFailure: { message: '', stderrTail } }));
    expect(verdict.proofs).toContainEqual({ kind: 'ended-first', cause: 'memory-limit' });
    expect(kinds(verdict.proofs).slice(0, 6)).toEqual([
      'start-message',
      'signal',
      'ended-first',
      'limit',
      'peak',
      'held'
    ]);
    expect(verdict.advice[0]).toEqual({ kind: 'fix-start', module: 'ipykernel' });
    expect(verdict.heldBytes).toBe(judge(evidence({ ...OWN, ...NEAR })).heldBytes);
  });

  it('offers the largest idle kernels, not busy, small or dead ones', () => {
    const other = (kernelId: string, mib: number, idleForMs: number | null) => ({
      kernelId,
      title: `${kernelId}.ipynb`,
      memoryBytes: mib * MIB,
      idleForMs
    });
    const { advice } = judge(
      evidence({
        ...OWN,
        ...NEAR,
        diedTogether: ['dead'],
        otherKernels: [
          other('small', 20, 1),
          other('middle', 200, 1),
          other('busy', 900, null),
          other('dead', 800, 1),
          other('third', 100, 1),
          other('large', 500, 7_200_000)
        ]
      })
    );
    expect(advice.flatMap(item => (item.kind === 'free-kernel' ? [item.kernelId] : []))).toEqual([
      'large',
      'middle'
    ]);
    expect(kinds(advice)).toEqual(['load-less', 'free-kernel', 'free-kernel', 'bigger-tier']);
  });

  it.each([
    ["ModuleNotFoundError: No module named 'ipykernel_launcher'", 'ipykernel_launcher'],
    ["ModuleNotFoundError: No module named 'pandas.core'", 'pandas.core'],
    ['/usr/bin/python3: No module named ipykernel_launcher', 'ipykernel_launcher'],
    ['/usr/bin/python3: No module named xeus_python.\n', 'xeus_python'],
    ["No module named 'first'\nDuring handling:\nNo module named 'last'", 'last'],
    ['PermissionError: [Errno 13]', null]
  ])('reads the missing module out of %j', (stderrTail, module) => {
    const { advice } = judge(evidence({ exit: CODE(1), startFailure: { message: '', stderrTail } }));
    expect(advice[0]).toEqual({ kind: 'fix-start', module });
  });
});
