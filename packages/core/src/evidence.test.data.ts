import type { Counters, DiskUsage, Evidence, Exit, MemoryMoment } from '@labkeeper/protocol';

export const MIB = 1024 * 1024;
export const GIB = 1024 * MIB;
export const AT_MS = 1_795_000_000_000;
export const LIMIT = 2 * GIB;

export const SIGNAL = (signal: number): Exit => ({ how: 'signal', signal, coreDumped: false });
export const CODE = (code: number): Exit => ({ how: 'code', code });
export const UNSEEN: Exit = { how: 'unknown' };

export function counters(changes: Partial<Counters> = {}): Counters {
  return {
    atMs: AT_MS,
    cgroupVersion: 2,
    oomKill: 0,
    limitHit: 0,
    oomGroupKill: 0,
    pidsRefused: 0,
    machineOomKill: 0,
    ...changes
  };
}

/** The counters before and after, by how much each grew; `null` = not kept. */
export function grew(
  by: { readonly [Name in Exclude<keyof Counters, 'atMs' | 'cgroupVersion'>]?: number | null },
  cgroupVersion: 1 | 2 | null = 2
): Pick<Evidence, 'before' | 'after'> {
  const start = { oomKill: 3, limitHit: 5, oomGroupKill: 0, pidsRefused: 2, machineOomKill: 7 };
  const before: Counters = { atMs: AT_MS - 2000, cgroupVersion, ...start };
  const after: Counters = { atMs: AT_MS, cgroupVersion, ...start };
  for (const name of ['oomKill', 'limitHit', 'oomGroupKill', 'pidsRefused', 'machineOomKill'] as const) {
    const change = by[name];
    if (change === null) {
      before[name] = null;
      after[name] = null;
    } else if (change !== undefined) {
      after[name] = start[name] + change;
    }
  }
  return { before, after };
}

export function memory(unreclaimableBytes: number, atMs = AT_MS - 200): MemoryMoment {
  return { atMs, usageBytes: unreclaimableBytes + 30 * MIB, unreclaimableBytes, cacheBytes: 30 * MIB };
}

export function disk(path: string, sizeBytes: number, freeBytes: number): DiskUsage {
  return { path, sizeBytes, freeBytes, usedBytes: sizeBytes - freeBytes };
}

export const FULL_SHM = disk('/dev/shm', 64 * MIB, 0);
export const FULL_HOME = disk('/home/ada', 50 * GIB, 0);

/** A kernel that was busy with half of the limit in use, on a machine with plenty of memory; nothing moved. */
export function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    atMs: AT_MS,
    kernel: {
      kernelId: '6f6d6f4e-0b5f-4c1e-9a53-2c7a3f1f9d10',
      pid: 4242,
      kernelName: 'python3',
      path: 'work/analysis.ipynb',
      title: 'analysis.ipynb',
      owner: 'notebook',
      state: 'busy',
      stateSinceMs: AT_MS - 192_000
    },
    kernelDied: true,
    exit: SIGNAL(9),
    intent: 'none',
    startFailure: null,
    limitBytes: LIMIT,
    limitSource: 'cgroup',
    oomGroup: false,
    ...grew({}),
    memoryBefore: memory(GIB),
    memoryAfter: memory(250 * MIB, AT_MS),
    peakBytes: GIB + 100 * MIB,
    kernelSampleBytes: 700 * MIB,
    kernelSampleAtMs: AT_MS - 400,
    kernelPeakBytes: 720 * MIB,
    kernelLatelyBytes: null,
    exitPeakBytes: null,
    diedTogether: [],
    diedTogetherPeakBytes: null,
    lostWorkers: [],
    shm: disk('/dev/shm', 64 * MIB, 60 * MIB),
    home: disk('/home/ada', 50 * GIB, 9 * GIB),
    processes: { current: 38, limit: 4096 },
    machineAvailableBytes: 40 * GIB,
    machineTotalBytes: 64 * GIB,
    busyForMs: 192_000,
    recentBytes: [900 * MIB, 950 * MIB, GIB],
    otherKernels: [],
    series: 1,
    fromFlightRecorder: false,
    ...changes
  };
}
