import * as v from 'valibot';
import { MemoryMoment } from './evidence.js';
import { KernelOwner } from './kernel.js';
import { LimitSource } from './sample.js';
import { Bytes, Count, EpochMs, KernelId } from './units.js';

/** A name as a flight record keeps it, cut to this length: records are small. */
const Name = v.pipe(v.string(), v.maxLength(160));

/** How many kernels one record names at most: those that hold most. */
export const FLIGHT_KERNELS = 16;

/** A kernel as the flight recorder keeps it. */
export const FlightKernel = v.object({
  kernelId: KernelId,
  pid: Count,
  kernelName: Name,
  path: v.nullable(Name),
  title: Name,
  owner: KernelOwner,
  memoryBytes: Bytes,
  peakBytes: Bytes,
  /** Since when a cell runs; null = it does not. */
  busySinceMs: v.nullable(EpochMs),
  /** When its present state began, busy or not. */
  stateSinceMs: EpochMs
});
export type FlightKernel = v.InferOutput<typeof FlightKernel>;

/** One record of the flight recorder: what is written to the home volume, and read at the next start. */
export const FlightRecord = v.variant('kind', [
  /**
   * The recorder began. `serverId` is the same for two companions of one jupyter_server process and different for any
   * other: a companion that finds its own server's id does not explain a dead container, only its own crash.
   */
  v.object({ kind: v.literal('start'), atMs: EpochMs, boot: Name, serverId: Name }),
  /** State of the whole container: rare while calm, every sample in danger. */
  v.object({
    kind: v.literal('summary'),
    atMs: EpochMs,
    memory: v.nullable(MemoryMoment),
    limitBytes: v.nullable(Bytes),
    limitSource: LimitSource,
    oomGroup: v.boolean(),
    peakBytes: v.nullable(Bytes),
    /** What could not be freed when `kernels` were measured, which is a little earlier than `memory`. */
    kernelsUnreclaimableBytes: v.optional(v.nullable(Bytes), null),
    machineAvailableBytes: v.nullable(Bytes),
    machineTotalBytes: v.nullable(Bytes),
    kernels: v.pipe(v.array(FlightKernel), v.maxLength(FLIGHT_KERNELS))
  }),
  /** It still lived, and this could not be freed (null = not read). Small enough for every fast reading. */
  v.object({ kind: v.literal('heartbeat'), atMs: EpochMs, unreclaimableBytes: v.nullable(Bytes) }),
  /** A kernel died and was explained at the time; it was gone before the container was. */
  v.object({ kind: v.literal('death'), atMs: EpochMs, kernelId: KernelId }),
  /** The server stopped on purpose: nothing to explain. */
  v.object({ kind: v.literal('clean-stop'), atMs: EpochMs })
]);
export type FlightRecord = v.InferOutput<typeof FlightRecord>;

/** Reads one record of a file that anything may have happened to; null = not one of ours. */
export function parseFlightRecord(text: string): FlightRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A torn or foreign record: the caller counts it.
    return null;
  }
  const result = v.safeParse(FlightRecord, value);
  return result.success ? result.output : null;
}
