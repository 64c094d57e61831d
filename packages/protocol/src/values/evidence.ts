import * as v from 'valibot';
import { Exit, Intent, Kernel, StartFailure } from './kernel.js';
import { DiskUsage, LimitSource } from './sample.js';
import { Bytes, Count, DurationMs, EpochMs, KernelId, Text } from './units.js';

/**
 * Counters of the container's cgroup and of the machine, each only growing. null = this system does not keep it.
 * v1 has no `oom` counter, there `memory.failcnt` stands in its place: it also grows with page cache, and not at all where
 * the limit for memory and swap together is the same.
 */
export const Counters = v.object({
  atMs: EpochMs,
  cgroupVersion: v.nullable(v.picklist([1, 2])),
  /** Processes of this cgroup killed by any out-of-memory killer (memory.events oom_kill, v1 memory.oom_control). */
  oomKill: v.nullable(Count),
  /** The own limit was reached and an allocation was about to fail (memory.events oom; v1 memory.failcnt). */
  limitHit: v.nullable(Count),
  /** The whole group was killed at once (memory.events oom_group_kill). */
  oomGroupKill: v.nullable(Count),
  /** Process starts refused by the process limit (pids.events max). */
  pidsRefused: v.nullable(Count),
  /** Kills by any out-of-memory killer on the machine (/proc/vmstat oom_kill). */
  machineOomKill: v.nullable(Count)
});
export type Counters = v.InferOutput<typeof Counters>;

/** Memory of the container at one moment, as far as a verdict needs it. */
export const MemoryMoment = v.object({
  atMs: EpochMs,
  usageBytes: Bytes,
  unreclaimableBytes: Bytes,
  cacheBytes: Bytes
});
export type MemoryMoment = v.InferOutput<typeof MemoryMoment>;

/** Another kernel that holds memory and could be shut down. */
export const OtherKernel = v.object({
  kernelId: KernelId,
  title: Text,
  memoryBytes: Bytes,
  idleForMs: v.nullable(DurationMs)
});
export type OtherKernel = v.InferOutput<typeof OtherKernel>;

/** A process below a kernel that vanished while the kernel lives on. */
export const LostWorker = v.object({ pid: Count, name: Text, memoryBytes: Bytes });
export type LostWorker = v.InferOutput<typeof LostWorker>;

/** What is known at the moment of a verdict. Facts only; `core` decides what they mean. */
export const Evidence = v.object({
  atMs: EpochMs,
  kernel: Kernel,
  /** False only for notices about a living kernel. */
  kernelDied: v.boolean(),
  exit: Exit,
  intent: Intent,
  startFailure: v.nullable(StartFailure),
  limitBytes: v.nullable(Bytes),
  limitSource: LimitSource,
  /** memory.oom.group of the cgroup: the system kills the whole container at once. */
  oomGroup: v.boolean(),
  /**
   * Counters before the death, from a time when nothing of it had begun. Kills that explain another death already are
   * counted in: what is left between `before` and `after` is there to explain this one.
   */
  before: v.nullable(Counters),
  after: v.nullable(Counters),
  /** Last sample before the death and first after it. */
  memoryBefore: v.nullable(MemoryMoment),
  memoryAfter: v.nullable(MemoryMoment),
  /** Highest usage of the container, cache included, since its start. */
  peakBytes: v.nullable(Bytes),
  /** Last sample of this kernel before the death, and its peak; null = no sample of it. */
  kernelSampleBytes: v.nullable(Bytes),
  kernelSampleAtMs: v.nullable(EpochMs),
  /** The highest sample of the last 1.5 s: the last one may show a killed process giving its memory back. */
  kernelLatelyBytes: v.optional(v.nullable(Bytes), null),
  kernelPeakBytes: v.nullable(Bytes),
  /** The most resident memory that the kernel's own process ever held, from the system at its end. */
  exitPeakBytes: v.optional(v.nullable(Bytes), null),
  /** Other kernels that died of memory within the same shortage. */
  diedTogether: v.array(KernelId),
  /**
   * What their processes held at peaks that no sample had seen, together; null = there is none, or it is not known of
   * all of them.
   */
  diedTogetherPeakBytes: v.optional(v.nullable(Bytes), null),
  lostWorkers: v.array(LostWorker),
  shm: v.nullable(DiskUsage),
  home: v.nullable(DiskUsage),
  processes: v.nullable(v.object({ current: Count, limit: v.nullable(Count) })),
  /** Free memory of the machine (MemAvailable) and all of it; null = unknown. */
  machineAvailableBytes: v.nullable(Bytes),
  machineTotalBytes: v.nullable(Bytes),
  /** How long the kernel had been busy; null = it was idle. */
  busyForMs: v.nullable(DurationMs),
  /** Unreclaimable memory of the last minute, oldest first, for the little chart. */
  recentBytes: v.array(Bytes),
  otherKernels: v.array(OtherKernel),
  /** How many deaths of this kernel id came in a row, each within the restarter's 10 s. */
  series: Count,
  /** Read from the flight recorder of an earlier container: the whole container went. */
  fromFlightRecorder: v.boolean()
});
export type Evidence = v.InferOutput<typeof Evidence>;
