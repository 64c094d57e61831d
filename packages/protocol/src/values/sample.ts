import * as v from 'valibot';
import { Bytes, Cores, Count, EpochMs, KernelId, Share, Text } from './units.js';

/**
 * Where the effective memory limit was read: the container's own cgroup, a cgroup above it, `MEM_LIMIT` of the
 * hub (when lower than what the cgroup says), or nowhere (the machine's own memory is the bound).
 */
export const LimitSource = v.picklist(['cgroup', 'parent-cgroup', 'environment', 'machine']);
export type LimitSource = v.InferOutput<typeof LimitSource>;

/** Memory of the whole container. `unreclaimable` = anonymous + shared + kernel memory that cannot be given back. */
export const MemoryUsage = v.object({
  /** The effective limit; the machine's memory when `limitSource` is `machine`. */
  limitBytes: v.nullable(Bytes),
  limitSource: LimitSource,
  usageBytes: Bytes,
  unreclaimableBytes: Bytes,
  cacheBytes: Bytes,
  anonBytes: Bytes,
  shmemBytes: Bytes,
  kernelBytes: Bytes,
  /** Highest usage, cache included, since the container started; null where the kernel does not keep it. */
  peakBytes: v.nullable(Bytes),
  /** Swap in use; null = none or unknown. */
  swapBytes: v.nullable(Bytes)
});
export type MemoryUsage = v.InferOutput<typeof MemoryUsage>;

export const CpuUsage = v.object({
  usedCores: Cores,
  /** CPU quota in cores; null = no quota, the machine's cores are the bound. */
  quotaCores: v.nullable(Cores),
  machineCores: Count,
  /** Share of scheduler periods in which the container was throttled, over the last minute; null = no quota. */
  throttledShare: v.nullable(Share)
});
export type CpuUsage = v.InferOutput<typeof CpuUsage>;

/** A file system: `/dev/shm`, or the one that holds the home folder (its quota is its size). */
export const DiskUsage = v.object({ path: Text, usedBytes: Bytes, sizeBytes: Bytes, freeBytes: Bytes });
export type DiskUsage = v.InferOutput<typeof DiskUsage>;

export const ProcessCount = v.object({ current: Count, limit: v.nullable(Count) });
export type ProcessCount = v.InferOutput<typeof ProcessCount>;

/** Pressure stall information, percent of the last 10 s. `scope`: the container's own files, or the machine's. */
export const Pressure = v.object({
  scope: v.picklist(['container', 'machine']),
  cpuSome: v.nullable(v.number()),
  memorySome: v.nullable(v.number()),
  memoryFull: v.nullable(v.number()),
  ioSome: v.nullable(v.number())
});
export type Pressure = v.InferOutput<typeof Pressure>;

/** One GPU. Utilisation is null where the device does not report it (MIG). */
export const GpuUsage = v.object({
  index: Count,
  uuid: Text,
  name: Text,
  vendor: v.picklist(['nvidia', 'amd']),
  mig: v.boolean(),
  utilization: v.nullable(Share),
  memoryUsedBytes: v.nullable(Bytes),
  memoryTotalBytes: v.nullable(Bytes),
  temperatureC: v.nullable(v.number()),
  powerW: v.nullable(v.number())
});
export type GpuUsage = v.InferOutput<typeof GpuUsage>;

/** What one kernel and all processes it started use. */
export const KernelUsage = v.object({
  kernelId: KernelId,
  memoryBytes: Bytes,
  /** Highest `memoryBytes` seen since this kernel process started. */
  peakBytes: Bytes,
  cpuCores: Cores,
  threads: Count,
  processes: Count
});
export type KernelUsage = v.InferOutput<typeof KernelUsage>;

/** One sample of everything. A part is null where the machine does not say. */
export const Sample = v.object({
  atMs: EpochMs,
  memory: v.nullable(MemoryUsage),
  cpu: v.nullable(CpuUsage),
  shm: v.nullable(DiskUsage),
  home: v.nullable(DiskUsage),
  processes: v.nullable(ProcessCount),
  pressure: v.nullable(Pressure),
  gpus: v.array(GpuUsage),
  kernels: v.array(KernelUsage)
});
export type Sample = v.InferOutput<typeof Sample>;

/**
 * A stretch of history: column arrays of equal length, oldest first. A gap (the companion was not running, the
 * laptop slept) is a null in every column but `atMs`.
 */
export const History = v.object({
  stepMs: Count,
  atMs: v.array(EpochMs),
  unreclaimableBytes: v.array(v.nullable(Bytes)),
  cacheBytes: v.array(v.nullable(Bytes)),
  cpuCores: v.array(v.nullable(Cores)),
  throttledShare: v.array(v.nullable(Share))
});
export type History = v.InferOutput<typeof History>;
