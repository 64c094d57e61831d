import type { Death, Evidence, FlightKernel, FlightRecord, Kernel, MemoryMoment } from '@labkeeper/protocol';
import { judge } from './judge.js';

type Summary = Extract<FlightRecord, { kind: 'summary' }>;

/** How many seconds of memory the little chart shows. */
const RECENT_SECONDS = 60;

/**
 * Explains how the last run ended, from the records its flight recorder left, in the order they were written.
 *
 * The death is told of one kernel: the one that ran and held most, because that is whose work was lost. All others are
 * named in the evidence.
 *
 * @param nowMs - when it is explained; the death is never later.
 * @returns null after a clean stop, without records, and where no kernel was running: nobody lost anything.
 */
export function explainLastRun(records: readonly FlightRecord[], nowMs: number): Death | null {
  const start = records.map(record => record.kind).lastIndexOf('start');
  const run = records.slice(Math.max(0, start));
  const last = run.at(-1);
  const summary = run.filter((record): record is Summary => record.kind === 'summary').at(-1);
  if (!last || !summary || run.some(record => record.kind === 'clean-stop')) {
    return null;
  }
  const dead = new Set(
    run.flatMap(record => (record.kind === 'death' && record.atMs >= summary.atMs ? [record.kernelId] : []))
  );
  const kernels = summary.kernels.filter(kernel => !dead.has(kernel.kernelId));
  const holder = [...kernels].sort(byLoss)[0];
  if (!holder) {
    return null;
  }
  const atMs = Math.min(last.atMs, nowMs);
  const evidence = evidenceOf(run, summary, holder, kernels, atMs);
  return {
    id: `flight-${holder.kernelId}-${atMs}`,
    atMs,
    verdict: judge(evidence),
    evidence,
    consequence: 'none'
  };
}

/** Who held most first; of equals, who was running. */
function byLoss(a: FlightKernel, b: FlightKernel): number {
  return b.memoryBytes - a.memoryBytes || Number(b.busySinceMs !== null) - Number(a.busySinceMs !== null);
}

function evidenceOf(
  run: readonly FlightRecord[],
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
    memoryBefore: lastMemory(run, summary),
    memoryAfter: null,
    peakBytes: summary.peakBytes,
    kernelSampleBytes: holder.memoryBytes,
    kernelSampleAtMs: summary.atMs,
    kernelPeakBytes: holder.peakBytes,
    diedTogether: others.map(kernel => kernel.kernelId),
    lostWorkers: [],
    shm: null,
    home: null,
    processes: null,
    machineAvailableBytes: summary.machineAvailableBytes,
    machineTotalBytes: summary.machineTotalBytes,
    busyForMs: holder.busySinceMs === null ? null : Math.max(0, atMs - holder.busySinceMs),
    recentBytes: recentBytes(run, atMs),
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

/** The newest reading of memory: of a heartbeat after the summary, if there is one. */
function lastMemory(run: readonly FlightRecord[], summary: Summary): MemoryMoment | null {
  const newest = memoryReadings(run).at(-1);
  if (!newest || !summary.memory || newest.atMs <= summary.memory.atMs) {
    return summary.memory;
  }
  const grown = newest.bytes - summary.memory.unreclaimableBytes;
  return {
    atMs: newest.atMs,
    usageBytes: Math.max(newest.bytes, summary.memory.usageBytes + grown),
    unreclaimableBytes: newest.bytes,
    cacheBytes: summary.memory.cacheBytes
  };
}

/** Unreclaimable memory of the last minute, one value a second. */
function recentBytes(run: readonly FlightRecord[], atMs: number): number[] {
  const bySecond = new Map<number, number>();
  for (const reading of memoryReadings(run)) {
    const second = Math.floor((atMs - reading.atMs) / 1000);
    if (second >= 0 && second < RECENT_SECONDS) {
      bySecond.set(second, reading.bytes);
    }
  }
  return [...bySecond].sort(([a], [b]) => b - a).map(([, bytes]) => bytes);
}

function memoryReadings(run: readonly FlightRecord[]): { readonly atMs: number; readonly bytes: number }[] {
  return run.flatMap(record => {
    if (record.kind === 'summary' && record.memory) {
      return [{ atMs: record.memory.atMs, bytes: record.memory.unreclaimableBytes }];
    }
    return record.kind === 'heartbeat' && record.unreclaimableBytes !== null
      ? [{ atMs: record.atMs, bytes: record.unreclaimableBytes }]
      : [];
  });
}
