import type { Counters, DiskUsage, Kernel, LostWorker, MemoryMoment, Sample } from '@labkeeper/protocol';
import type { ILimit, IObserver } from '../src/observer.js';

export const MIB = 1024 * 1024;

/** A container that is what the test says: set a field, and the next reading shows it. */
export class ScriptedObserver implements IObserver {
  limitBytes: number | null = 2048 * MIB;
  oomGroup = false;
  unreclaimableBytes = 300 * MIB;
  cacheBytes = 100 * MIB;
  highestBytes = 400 * MIB;
  usedCores = 0.1;
  quotaCores: number | null = 2;
  counter = { oomKill: 0, limitHit: 0, oomGroupKill: 0, pidsRefused: 0, machineOomKill: 0 };
  disk: { shm: DiskUsage | null; home: DiskUsage | null } = {
    shm: { path: '/dev/shm', usedBytes: 0, sizeBytes: 64 * MIB, freeBytes: 64 * MIB },
    home: { path: '/home/researcher', usedBytes: 1000 * MIB, sizeBytes: 10_000 * MIB, freeBytes: 9000 * MIB }
  };
  processes: { current: number; limit: number | null } = { current: 12, limit: null };
  /** Memory of each kernel's tree. */
  readonly kernelBytes = new Map<string, number>();
  /** Threads that want to run, and how often somebody asked. */
  readonly runnable = new Map<string, number>();
  threadLooks = 0;
  /** Handed out once by takeLostWorkers. */
  readonly lost = new Map<string, LostWorker[]>();
  throttled: { periods: number; throttled: number } | null = { periods: 0, throttled: 0 };
  /** Kernels that the companion set last. */
  kernels: readonly Kernel[] = [];
  samples = 0;
  memoryReads = 0;
  closed = false;
  protecting = false;
  /** Called at each reading: lets a test change the script by the number of readings. */
  beforeRead: (() => void) | null = null;

  setKernels(kernels: readonly Kernel[]): void {
    this.kernels = kernels;
  }

  sample(nowMs: number): Sample {
    this.beforeRead?.();
    this.samples += 1;
    return {
      atMs: nowMs,
      memory: {
        limitBytes: this.limitBytes,
        limitSource: this.limitBytes === null ? 'machine' : 'cgroup',
        usageBytes: this.unreclaimableBytes + this.cacheBytes,
        unreclaimableBytes: this.unreclaimableBytes,
        cacheBytes: this.cacheBytes,
        anonBytes: this.unreclaimableBytes,
        shmemBytes: 0,
        kernelBytes: 0,
        peakBytes: this.highestBytes,
        swapBytes: null
      },
      cpu: { usedCores: this.usedCores, quotaCores: this.quotaCores, machineCores: 8, throttledShare: 0 },
      shm: this.disk.shm,
      home: this.disk.home,
      processes: this.processes,
      pressure: null,
      gpus: [],
      kernels: this.kernels
        .filter(kernel => kernel.pid !== null)
        .map(({ kernelId }) => ({
          kernelId,
          memoryBytes: this.kernelBytes.get(kernelId) ?? 60 * MIB,
          peakBytes: this.kernelBytes.get(kernelId) ?? 60 * MIB,
          cpuCores: 0,
          threads: 80,
          processes: 1
        }))
    };
  }

  memory(nowMs: number): MemoryMoment | null {
    this.beforeRead?.();
    this.memoryReads += 1;
    return {
      atMs: nowMs,
      usageBytes: this.unreclaimableBytes + this.cacheBytes,
      unreclaimableBytes: this.unreclaimableBytes,
      cacheBytes: this.cacheBytes
    };
  }

  counters(nowMs: number): Counters {
    return { atMs: nowMs, cgroupVersion: 2, ...this.counter };
  }

  limit(): ILimit {
    return {
      limitBytes: this.limitBytes,
      limitSource: this.limitBytes === null ? 'machine' : 'cgroup',
      oomGroup: this.oomGroup
    };
  }

  peakBytes(): number | null {
    return this.highestBytes;
  }

  machineMemory(): { availableBytes: number; totalBytes: number } {
    return { availableBytes: 8000 * MIB, totalBytes: 16_000 * MIB };
  }

  shm(): DiskUsage | null {
    return this.disk.shm;
  }

  home(): DiskUsage | null {
    return this.disk.home;
  }

  takeLostWorkers(kernelId: string): readonly LostWorker[] {
    const lost = this.lost.get(kernelId) ?? [];
    this.lost.delete(kernelId);
    return lost;
  }

  throttling(): { periods: number; throttled: number } | null {
    return this.throttled;
  }

  runnableThreads(kernelId: string): number | null {
    this.threadLooks += 1;
    return this.runnable.get(kernelId) ?? null;
  }

  protectServer(on: boolean): void {
    this.protecting = on;
  }

  metrics(): Record<string, never> {
    return {};
  }

  close(): void {
    this.closed = true;
  }
}

/** A kernel of a notebook, idle unless said otherwise. */
export function kernel(id: string, more: Partial<Kernel> = {}): Kernel {
  return {
    kernelId: id,
    pid: 1000,
    kernelName: 'python3',
    path: `${id}.ipynb`,
    title: `${id}.ipynb`,
    owner: 'notebook',
    state: 'idle',
    stateSinceMs: Date.UTC(2026, 10, 24, 13, 0, 0),
    ...more
  };
}
