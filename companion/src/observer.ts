import type {
  Counters,
  DiskUsage,
  Kernel,
  LimitSource,
  LostWorker,
  MemoryMoment,
  Sample
} from '@labkeeper/protocol';

/** The memory bound that holds, and how the system kills when it is reached. */
export interface ILimit {
  readonly limitBytes: number | null;
  readonly limitSource: LimitSource;
  /** memory.oom.group: the whole container dies at once. */
  readonly oomGroup: boolean;
}

/** How one collector fares. */
export interface ICollectorMetrics {
  readonly runs: number;
  /** Runs that gave nothing. */
  readonly empty: number;
  /** Time of all runs, and of the last one. */
  readonly totalMs: number;
  readonly lastMs: number;
  /** Why the last run gave nothing, a clause for a log; null = it gave something. */
  readonly reason: string | null;
}

/**
 * Everything the companion can see of its container. Implemented by the collectors; the rest of the companion
 * sees only this, and tests give it a scripted one. All calls are synchronous, cheap, and never throw: what cannot
 * be read is null.
 */
export interface IObserver {
  /** Which kernels to attribute processes to. Kernels with `pid === null` run elsewhere and are ignored. */
  setKernels(kernels: readonly Kernel[]): void;
  /** One full sample. */
  sample(nowMs: number): Sample;
  /** Container memory alone: two reads, for the fast watch near the limit. */
  memory(nowMs: number): MemoryMoment | null;
  /** Highest usage, cache included, since the container started, read now; null = not kept. */
  peakBytes(): number | null;
  counters(nowMs: number): Counters;
  limit(): ILimit;
  /** MemAvailable and MemTotal of the machine. */
  machineMemory(): { readonly availableBytes: number; readonly totalBytes: number } | null;
  /** `/dev/shm`, read now and not the one of a sample. */
  shm(): DiskUsage | null;
  /**
   * The home, which may be on a network that hangs: the last answer is given (at most 10 s old while there are
   * samples) and a new one asked for, which a call some milliseconds later gives.
   */
  home(): DiskUsage | null;
  /**
   * Processes below this living kernel that vanished since the last call, newest last, with what they held when they
   * were measured last. Looks at the processes again when the last look is older than 100 ms.
   */
  takeLostWorkers(kernelId: string): readonly LostWorker[];
  /** CPU scheduler periods since the start, as the last sample found them: all, and throttled ones; null = no quota. */
  throttling(): { readonly periods: number; readonly throttled: number } | null;
  /**
   * Threads that run or wait for a CPU now, in that process of a kernel's tree where they are most (a variable such as
   * OMP_NUM_THREADS holds for each process alone); null = not known. Looks at every thread.
   */
  runnableThreads(kernelId: string): number | null;
  /**
   * While on, every process of the container but PID 1, the server and the companion is a likelier victim of the
   * out-of-memory killer than they are; off puts everything back. Off at first.
   */
  protectServer(on: boolean): void;
  /** How each collector fares, by name; cheap. */
  metrics(): Readonly<Record<string, ICollectorMetrics>>;
  close(): void;
}
