import { cpus, totalmem } from 'node:os';
import type {
  Counters,
  CpuUsage,
  DiskUsage,
  LostWorker,
  MemoryMoment,
  MemoryUsage,
  Sample
} from '@labkeeper/protocol';
import { systemClock } from '../clock.js';
import { HomeCollector } from '../collectors/home.js';
import { reasonOf, type Log } from '../log.js';
import type { ICollectorMetrics, ILimit, IObserver } from '../observer.js';
import type { IObserverOptions } from './observer-options.js';

/** On these systems reading memory may start a child process, so a figure is used for this long. */
const MEMORY_AGE_MS = 5000;

/** Memory of the machine, bytes, as `systeminformation` names it. */
export interface IMachineReading {
  readonly total: number;
  readonly available: number;
  readonly used: number;
}

/** Reads the machine's memory. */
export type ReadMachineMemory = () => Promise<IMachineReading>;

async function readMemory(): Promise<IMachineReading> {
  const { mem } = await import('systeminformation');
  return mem();
}

/**
 * Observes a machine without /proc, a researcher's own laptop: its memory and CPU, and its home. There is no
 * container, so there is no limit but the machine, and kernels are listed without figures.
 */
export class MachineObserver implements IObserver {
  constructor(
    options: IObserverOptions,
    private readonly read: ReadMachineMemory = readMemory
  ) {
    const clock = options.clock ?? systemClock;
    this.log = options.log;
    this.monotonicMs = () => clock.monotonicMs();
    this.homeCollector = new HomeCollector(options.homePath, this.monotonicMs);
    this.busy = busyMs();
    this.busyAtMs = this.monotonicMs();
    this.renew();
  }

  setKernels(): void {
    // Their processes cannot be read here.
  }

  sample(nowMs: number): Sample {
    this.renew();
    return {
      atMs: nowMs,
      memory: this.usage(),
      cpu: this.cpu(),
      shm: null,
      home: this.homeCollector.collect(),
      processes: null,
      pressure: null,
      gpus: [],
      kernels: []
    };
  }

  memory(nowMs: number): MemoryMoment | null {
    this.renew();
    const usage = this.usage();
    return (
      usage && {
        atMs: nowMs,
        usageBytes: usage.usageBytes,
        unreclaimableBytes: usage.unreclaimableBytes,
        cacheBytes: usage.cacheBytes
      }
    );
  }

  counters(nowMs: number): Counters {
    return {
      atMs: nowMs,
      cgroupVersion: null,
      oomKill: null,
      limitHit: null,
      oomGroupKill: null,
      pidsRefused: null,
      machineOomKill: null
    };
  }

  limit(): ILimit {
    return { limitBytes: totalmem(), limitSource: 'machine', oomGroup: false };
  }

  peakBytes(): number | null {
    return null;
  }

  machineMemory(): { readonly availableBytes: number; readonly totalBytes: number } | null {
    return this.last && { availableBytes: this.last.available, totalBytes: this.last.total };
  }

  shm(): DiskUsage | null {
    return null;
  }

  home(): DiskUsage | null {
    return this.homeCollector.fresh();
  }

  takeLostWorkers(): readonly LostWorker[] {
    return [];
  }

  runnableThreads(): null {
    return null;
  }

  throttling(): null {
    return null;
  }

  protectServer(): void {
    // No such score here.
  }

  metrics(): Readonly<Record<string, ICollectorMetrics>> {
    return {};
  }

  close(): void {
    this.homeCollector.close();
    this.closed = true;
  }

  private usage(): MemoryUsage | null {
    if (this.last === null) {
      return null;
    }
    const { total, available, used } = this.last;
    const unreclaimableBytes = Math.max(0, total - available);
    const usageBytes = Math.max(used, unreclaimableBytes);
    return {
      limitBytes: total,
      limitSource: 'machine',
      usageBytes,
      unreclaimableBytes,
      cacheBytes: usageBytes - unreclaimableBytes,
      // These systems do not tell the kinds apart.
      anonBytes: unreclaimableBytes,
      shmemBytes: 0,
      kernelBytes: 0,
      peakBytes: null,
      swapBytes: null
    };
  }

  private cpu(): CpuUsage {
    const nowMs = this.monotonicMs();
    const busy = busyMs();
    const passedMs = nowMs - this.busyAtMs;
    if (passedMs > 0) {
      this.usedCores = Math.max(0, busy - this.busy) / passedMs;
      this.busy = busy;
      this.busyAtMs = nowMs;
    }
    const machineCores = Math.max(1, cpus().length);
    return { usedCores: this.usedCores, quotaCores: null, machineCores, throttledShare: null };
  }

  private renew(): void {
    const nowMs = this.monotonicMs();
    if (this.closed || this.asking || nowMs - this.askedAtMs < MEMORY_AGE_MS) {
      return;
    }
    this.asking = true;
    this.askedAtMs = nowMs;
    this.read().then(
      reading => {
        this.asking = false;
        this.last = reading;
      },
      (error: unknown) => {
        this.asking = false;
        this.last = null;
        if (!this.told) {
          this.told = true;
          this.log?.(`no memory: ${reasonOf(error)}`);
        }
      }
    );
  }

  private readonly log: Log | undefined;
  private readonly monotonicMs: () => number;
  private readonly homeCollector: HomeCollector;
  private busy: number;
  private busyAtMs: number;
  private usedCores = 0;
  private last: IMachineReading | null = null;
  private asking = false;
  private askedAtMs = -Infinity;
  private told = false;
  private closed = false;
}

/** Time that all cores together were not idle, in milliseconds since boot. */
function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
