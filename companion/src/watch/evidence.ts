import type {
  Counters,
  Evidence,
  Exit,
  Intent,
  Kernel,
  LostWorker,
  MemoryMoment,
  StartFailure
} from '@labkeeper/protocol';
import type { IObserver } from '../observer.js';
import type { KernelList } from './kernel-list.js';
import type { Recent } from './recent.js';

/** Where the facts come from. */
export interface IFacts {
  readonly observer: IObserver;
  readonly recent: Recent;
  readonly kernels: KernelList;
}

/** What the evidence is about. */
export interface ISubject {
  readonly kernel: Kernel;
  readonly kernelDied: boolean;
  readonly atMs: number;
  readonly exit: Exit;
  readonly exitPeakBytes: number | null;
  readonly intent: Intent;
  readonly startFailure: StartFailure | null;
  readonly before: Counters | null;
  readonly after: Counters;
  readonly diedTogether: readonly string[];
  readonly diedTogetherPeakBytes: number | null;
  readonly lostWorkers: readonly LostWorker[];
  readonly series: number;
}

/**
 * Reads at once everything that tells why.
 *
 * @param monotonicMs - now, on the clock that only grows.
 */
export function gatherEvidence(facts: IFacts, subject: ISubject, monotonicMs: number): Evidence {
  const { observer, recent, kernels } = facts;
  const { kernel, atMs } = subject;
  const memoryBefore = recent.highestMemory(monotonicMs);
  const memoryAfter: MemoryMoment | null = observer.memory(atMs);
  const { limitBytes, limitSource, oomGroup } = observer.limit();
  const machine = observer.machineMemory();
  const usage = recent.usageOf(kernel.kernelId);
  return {
    atMs,
    kernel,
    kernelDied: subject.kernelDied,
    exit: subject.exit,
    intent: subject.intent,
    startFailure: subject.startFailure,
    limitBytes,
    limitSource,
    oomGroup,
    before: subject.before,
    after: subject.after,
    memoryBefore,
    memoryAfter,
    peakBytes: highest(observer.peakBytes(), recent.sample?.memory?.peakBytes, memoryBefore?.usageBytes),
    kernelSampleBytes: usage?.memoryBytes ?? null,
    kernelSampleAtMs: usage ? (recent.sample?.atMs ?? null) : null,
    kernelLatelyBytes: recent.highestOf(kernel.kernelId, monotonicMs),
    kernelPeakBytes: usage?.peakBytes ?? null,
    exitPeakBytes: subject.exitPeakBytes,
    diedTogether: [...subject.diedTogether],
    diedTogetherPeakBytes: subject.diedTogetherPeakBytes,
    lostWorkers: [...subject.lostWorkers],
    shm: observer.shm(),
    home: observer.home(),
    processes: recent.sample?.processes ?? null,
    machineAvailableBytes: machine?.availableBytes ?? null,
    machineTotalBytes: machine?.totalBytes ?? null,
    busyForMs: kernel.state === 'busy' ? Math.max(0, atMs - kernel.stateSinceMs) : null,
    recentBytes: recent.lastMinute(monotonicMs),
    otherKernels: kernels.others(kernel.kernelId, recent, atMs),
    series: subject.series,
    fromFlightRecorder: false
  };
}

/** The highest of what was seen; null = nothing was. */
function highest(...bytes: readonly (number | null | undefined)[]): number | null {
  const known = bytes.filter(value => value != null);
  return known.length > 0 ? Math.max(...known) : null;
}
