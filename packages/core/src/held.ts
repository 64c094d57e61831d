import type { Evidence } from '@labkeeper/protocol';
import { shortage } from './shortage.js';
import { latestSample, processPeak, unseenPeak } from './unseen-peak.js';

const SIGKILL = 9;

/** Samples that make up less than this share of what the dead held were taken too early or too late. */
const ACCOUNTED = 0.9;

/** What a kernel held when it died, and how that is known. */
export interface IHeld {
  readonly bytes: number;
  /** Its last sample, the limit less everything that was left after it, or its process's own peak since that sample. */
  readonly how: 'sample' | 'difference' | 'peak';
}

/**
 * What this kernel held when it died; null = nothing is known of it.
 *
 * A kernel that dies of memory may have grown by gigabytes since its last sample. Two facts tell how far. The system
 * keeps the peak of each process: where no sample had seen as much, it was reached since, and it is exact however many
 * died and grew around it. And the container was exactly at its limit at that moment, so what the kernel held is the
 * limit less what the others hold, measured after the death. That counts its workers too, but is too small when it is
 * read before all is uncharged or when others have grown since, and is all of theirs when others died too. So:
 *
 * - died alone at the own limit: the larger of peak, difference and sample. Where no peak was reached since the sample
 *   and the difference is even below the sample although the kernel was running, the reading came too early, and the
 *   sample plus what was missing to the limit takes its place.
 * - several died there, or more were killed than are known: the peak, or the sample where it had seen as much and the samples of the dead make up what
 *   became free (a sample may fall into the moments in which a killed process gives its memory back); without a peak
 *   the difference is split by their samples, and without those the own sample stands.
 * - killed for another's memory: the larger of peak and sample.
 * - any other death: the last sample.
 *
 * "The sample" of a death by memory is the highest of its last moments.
 */
export function heldBytes(evidence: Evidence): IHeld | null {
  const { kernelSampleBytes, limitBytes, exitPeakBytes } = evidence;
  const sampled = (bytes: number | null): IHeld | null =>
    bytes === null ? null : { bytes: Math.min(bytes, limitBytes ?? Infinity), how: 'sample' };
  if (!isMemoryKill(evidence)) {
    return sampled(kernelSampleBytes);
  }
  const sample = sampled(latestSample(evidence));
  const peakBytes = unseenPeak(evidence);
  const peak: IHeld | null = peakBytes === null ? null : { bytes: peakBytes, how: 'peak' };
  const together = freedAtLimit(evidence);
  if (together === null) {
    return peak ? larger(peak, sample) : sample;
  }
  const several = evidence.diedTogether.length > 0 || killsBeside(evidence) > 0;
  if (several && exitPeakBytes !== null) {
    const accounted = sampleOfTheDead(evidence);
    return peak === null && accounted !== null && accounted < ACCOUNTED * together
      ? larger({ bytes: Math.min(processPeak(exitPeakBytes), together), how: 'peak' }, sample)
      : peak
        ? larger(peak, sample)
        : sample;
  }
  if (several) {
    const share = shareOfTheDead(evidence);
    return share === null
      ? sample
      : larger({ bytes: Math.floor(together * share), how: 'difference' }, sample);
  }
  const atLeast = peak === null ? caughtUp(evidence, sample) : sample;
  return larger(larger({ bytes: together, how: 'difference' }, atLeast), peak);
}

/** Kills that were counted beside this one and those that are known: of kernels whose end is not told yet. */
function killsBeside(evidence: Evidence): number {
  return shortage(evidence).kills - 1 - evidence.diedTogether.length - evidence.lostWorkers.length;
}

/** Whether the system may have killed it for want of memory, its own limit's or not. */
function isMemoryKill(evidence: Evidence): boolean {
  const { exit, intent, kernelDied } = evidence;
  const mayBeKilled = exit.how === 'unknown' || (exit.how === 'signal' && exit.signal === SIGKILL);
  return mayBeKilled && intent === 'none' && kernelDied && shortage(evidence).kills > 0;
}

/** The limit less what is left after the death; null where another limit killed it, or nothing was read. */
function freedAtLimit(evidence: Evidence): number | null {
  const { limitBytes, memoryAfter } = evidence;
  return limitBytes === null || memoryAfter === null || shortage(evidence).where !== 'own'
    ? null
    : Math.max(0, limitBytes - memoryAfter.unreclaimableBytes);
}

/** The sample, for a running kernel with what was missing to the limit then: it is what filled it. */
function caughtUp(evidence: Evidence, sample: IHeld | null): IHeld | null {
  const { memoryBefore, memoryAfter, limitBytes, busyForMs } = evidence;
  if (!sample || !memoryBefore || !memoryAfter || limitBytes === null || busyForMs === null) {
    return sample;
  }
  const nothingFreed = memoryAfter.unreclaimableBytes > memoryBefore.unreclaimableBytes - sample.bytes / 2;
  return nothingFreed
    ? {
        bytes: Math.min(limitBytes, sample.bytes + Math.max(0, limitBytes - memoryBefore.unreclaimableBytes)),
        how: 'sample'
      }
    : sample;
}

/** This kernel's part of what all who died together held; null where a sample of one is missing. */
function shareOfTheDead(evidence: Evidence): number | null {
  const total = sampleOfTheDead(evidence);
  return total === null || total === 0 ? null : (latestSample(evidence) ?? 0) / total;
}

/** What all who died together held when they were measured last; null where a sample of one is missing. */
function sampleOfTheDead(evidence: Evidence): number | null {
  const { diedTogether, otherKernels } = evidence;
  const own = latestSample(evidence);
  let total = own ?? 0;
  for (const kernelId of diedTogether) {
    const other = otherKernels.find(kernel => kernel.kernelId === kernelId);
    if (!other) {
      return null;
    }
    total += other.memoryBytes;
  }
  return own === null ? null : total;
}

function larger(a: IHeld, b: IHeld | null): IHeld {
  return b && b.bytes > a.bytes ? b : a;
}
