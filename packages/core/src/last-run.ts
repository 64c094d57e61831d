import type { Death, Evidence, FlightKernel, FlightRecord, Kernel, MemoryMoment } from '@labkeeper/protocol';
import { judge } from './judge.js';

type Summary = Extract<FlightRecord, { kind: 'summary' }>;

/** How many seconds of memory the little chart shows. */
const RECENT_SECONDS = 60;
/** A kernel that died this shortly before the end went in the same event; one that died earlier was its own story. */
const SAME_EVENT_MS = 5000;
/** Growth of a kernel between two samples tells who fills the container from this share of the limit on. */
const NOTABLE_SHARE = 0.05;
/** So far back the highest reading is looked for: the first to die sets memory free before the rest follows. */
const HIGHEST_MS = 2000;

/**
 * Explains how the last run ended, from the records its flight recorder left, in the order they were written.
 *
 * The death is told of one kernel: the one that held most, because that is what filled the container and what is lost.
 * All others are named in the evidence.
 *
 * @param records - of one server or of several; the last server counts, with all companions it had.
 * @param nowMs - when it is explained; the death is never later.
 * @returns null after a clean stop, without records, and where no kernel was running: nobody lost anything.
 */
export function explainLastRun(records: readonly FlightRecord[], nowMs: number): Death | null {
  const run = ofLastServer(records);
  const last = run.at(-1);
  const summaries = run.filter((record): record is Summary => record.kind === 'summary');
  const summary = summaries.at(-1);
  if (!last || !summary || wasStopped(run)) {
    return null;
  }
  const dead = new Set(
    run.flatMap(record =>
      record.kind === 'death' && record.atMs >= summary.atMs && last.atMs - record.atMs > SAME_EVENT_MS
        ? [record.kernelId]
        : []
    )
  );
  const readings = memoryReadings(run);
  const kernels = grown(summary, grower(summaries), readings).filter(kernel => !dead.has(kernel.kernelId));
  const holder = [...kernels].sort(byLoss)[0];
  if (!holder) {
    return null;
  }
  const atMs = Math.min(last.atMs, nowMs);
  const evidence = evidenceOf(readings, summary, holder, kernels, atMs);
  return {
    id: `flight-${holder.kernelId}-${atMs}`,
    atMs,
    verdict: judge(evidence),
    evidence,
    consequence: 'none'
  };
}

/** The records since the last server began: a companion that crashed and came back goes on with the same server. */
function ofLastServer(records: readonly FlightRecord[]): readonly FlightRecord[] {
  let begin = 0;
  let serverId: string | null = null;
  records.forEach((record, i) => {
    if (record.kind === 'start' && record.serverId !== serverId) {
      serverId = record.serverId;
      begin = i;
    }
  });
  return records.slice(begin);
}

/** Whether the server stopped on purpose. A companion that began after that found it alive. */
function wasStopped(run: readonly FlightRecord[]): boolean {
  const kinds = run.map(record => record.kind);
  return kinds.lastIndexOf('clean-stop') > kinds.lastIndexOf('start');
}

/** Who held most first; of equals, who was running. */
function byLoss(a: FlightKernel, b: FlightKernel): number {
  return b.memoryBytes - a.memoryBytes || Number(b.busySinceMs !== null) - Number(a.busySinceMs !== null);
}

function evidenceOf(
  readings: readonly IReading[],
  summary: Summary,
  holder: FlightKernel,
  kernels: readonly FlightKernel[],
  atMs: number
): Evidence {
  const others = kernels.filter(kernel => kernel !== holder);
  return {
    atMs,
    kernel: kernelOf(holder),
    kernelDied: true,
    exit: { how: 'unknown' },
    intent: 'none',
    startFailure: null,
    limitBytes: summary.limitBytes,
    limitSource: summary.limitSource,
    oomGroup: summary.oomGroup,
    before: null,
    after: null,
    memoryBefore: lastMemory(readings, summary),
    memoryAfter: null,
    peakBytes: summary.peakBytes,
    kernelSampleBytes: holder.memoryBytes,
    kernelSampleAtMs: summary.atMs,
    kernelLatelyBytes: null,
    kernelPeakBytes: holder.peakBytes,
    exitPeakBytes: null,
    diedTogether: others.map(kernel => kernel.kernelId),
    diedTogetherPeakBytes: null,
    lostWorkers: [],
    shm: null,
    home: null,
    processes: null,
    machineAvailableBytes: summary.machineAvailableBytes,
    machineTotalBytes: summary.machineTotalBytes,
    busyForMs: holder.busySinceMs === null ? null : Math.max(0, atMs - holder.busySinceMs),
    recentBytes: recentBytes(readings, atMs),
    otherKernels: others.map(kernel => ({
      kernelId: kernel.kernelId,
      title: kernel.title,
      memoryBytes: kernel.memoryBytes,
      idleForMs: kernel.busySinceMs === null ? Math.max(0, atMs - kernel.stateSinceMs) : null
    })),
    series: 1,
    fromFlightRecorder: true
  };
}

/**
 * The kernel that what the container grew by at the end belongs to: the one that, between the last two samples, grew
 * notably and by more than all others together; else the one that alone was running. null = it cannot be told.
 */
function grower(summaries: readonly Summary[]): string | null {
  const last = summaries.at(-1);
  const before = [...summaries]
    .reverse()
    .find(summary => summary.kernelsUnreclaimableBytes !== last?.kernelsUnreclaimableBytes);
  if (!last) {
    return null;
  }
  const growth = last.kernels
    .map(({ kernelId, memoryBytes }) => {
      // A kernel that has just started has not grown, it came.
      const known = before?.kernels.find(kernel => kernel.kernelId === kernelId)?.memoryBytes ?? memoryBytes;
      return { kernelId, bytes: Math.max(0, memoryBytes - known) };
    })
    .sort((a, b) => b.bytes - a.bytes);
  const all = growth.reduce((sum, { bytes }) => sum + bytes, 0);
  const [most] = growth;
  if (most && most.bytes > all / 2 && most.bytes >= NOTABLE_SHARE * (last.limitBytes ?? Infinity)) {
    return most.kernelId;
  }
  const busy = last.kernels.filter(kernel => kernel.busySinceMs !== null);
  return busy.length === 1 ? (busy[0]?.kernelId ?? null) : null;
}

/**
 * The kernels as they were at the end. They were measured a little before the last reading of memory: what the
 * container grew by since then is the grower's, as far as no kernel is known to hold it.
 */
function grown(
  { kernels, kernelsUnreclaimableBytes }: Summary,
  growerId: string | null,
  readings: readonly IReading[]
): readonly FlightKernel[] {
  const last = readings.at(-1);
  if (kernelsUnreclaimableBytes === null || !last) {
    return kernels;
  }
  const measured = kernels.reduce((sum, kernel) => sum + kernel.memoryBytes, 0);
  const growth = Math.max(0, last.bytes - Math.max(kernelsUnreclaimableBytes, measured));
  return kernels.map(kernel => {
    const memoryBytes = kernel.memoryBytes + growth;
    return kernel.kernelId === growerId
      ? { ...kernel, memoryBytes, peakBytes: Math.max(kernel.peakBytes, memoryBytes) }
      : kernel;
  });
}

function kernelOf(kernel: FlightKernel): Kernel {
  return {
    kernelId: kernel.kernelId,
    pid: kernel.pid,
    kernelName: kernel.kernelName,
    path: kernel.path,
    title: kernel.title,
    owner: kernel.owner,
    state: kernel.busySinceMs === null ? 'idle' : 'busy',
    stateSinceMs: kernel.stateSinceMs
  };
}

interface IReading {
  readonly atMs: number;
  readonly bytes: number;
}

/** The highest reading of the last two seconds. Only a summary has the cache beside it; it is taken over. */
function lastMemory(readings: readonly IReading[], summary: Summary): MemoryMoment | null {
  const newest = readings.at(-1);
  const highest = readings
    .filter(reading => newest && newest.atMs - reading.atMs <= HIGHEST_MS)
    .reduce<IReading | null>((best, reading) => (best && best.bytes > reading.bytes ? best : reading), null);
  if (!highest) {
    return summary.memory;
  }
  const cacheBytes = summary.memory?.cacheBytes ?? 0;
  return {
    atMs: highest.atMs,
    usageBytes: highest.bytes + cacheBytes,
    unreclaimableBytes: highest.bytes,
    cacheBytes
  };
}

/** Unreclaimable memory of the last minute, one value a second; between readings a straight line. */
function recentBytes(readings: readonly IReading[], atMs: number): number[] {
  const values: number[] = [];
  for (let second = RECENT_SECONDS - 1; second >= 0; second--) {
    const value = valueAt(readings, atMs - second * 1000);
    if (value !== null) {
      values.push(value);
    }
  }
  return values;
}

/** The line through the readings at one time; null before the first. */
function valueAt(readings: readonly IReading[], atMs: number): number | null {
  const next = readings.findIndex(reading => reading.atMs >= atMs);
  const [after, before] = [readings[next], next < 0 ? readings.at(-1) : readings[next - 1]];
  if (!after || !before || after.atMs === before.atMs) {
    return after?.atMs === atMs || next < 0 ? ((after ?? before)?.bytes ?? null) : null;
  }
  const share = (atMs - before.atMs) / (after.atMs - before.atMs);
  return Math.round(before.bytes + (after.bytes - before.bytes) * share);
}

/** All readings of memory in order of time; where the clock was set back, the later written ones count. */
function memoryReadings(run: readonly FlightRecord[]): readonly IReading[] {
  const readings: IReading[] = [];
  for (const record of run) {
    const reading = readingOf(record);
    if (reading) {
      while ((readings.at(-1)?.atMs ?? -1) >= reading.atMs) {
        readings.pop();
      }
      readings.push(reading);
    }
  }
  return readings;
}

function readingOf(record: FlightRecord): IReading | null {
  if (record.kind === 'summary' && record.memory) {
    return { atMs: record.memory.atMs, bytes: record.memory.unreclaimableBytes };
  }
  return record.kind === 'heartbeat' && record.unreclaimableBytes !== null
    ? { atMs: record.atMs, bytes: record.unreclaimableBytes }
    : null;
}
