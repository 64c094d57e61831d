import type { Evidence } from '@labkeeper/protocol';
import { shortage } from './shortage.js';

const SIGKILL = 9;

/** What a kernel held when it died, and how that is known. */
export interface IHeld {
  readonly bytes: number;
  /** Its last sample, or the limit less everything that was left after it. */
  readonly how: 'sample' | 'difference';
}

/**
 * What this kernel held when it died; null = nothing is known of it.
 *
 * A kernel that dies of the container's own limit may have grown by gigabytes since its last sample. But at that
 * moment the container was exactly at its limit, so what it held is the limit less what the others hold: measured
 * after the death, when it is gone. Two things can spoil that reading: it is taken before all of the dead process is
 * uncharged (the difference is then too small), or others die in the same shortage (it is then all of theirs). So:
 *
 * - died alone: the larger of difference and sample. Where the difference is even below the sample although the kernel
 *   was running, the reading came too early, and the sample plus what was missing to the limit takes its place.
 * - several died: the difference is split by their samples; without those, the own sample stands.
 * - any other death: the last sample.
 */
export function heldBytes(evidence: Evidence): IHeld | null {
  const { kernelSampleBytes, limitBytes } = evidence;
  const sample: IHeld | null =
    kernelSampleBytes === null
      ? null
      : { bytes: Math.min(kernelSampleBytes, limitBytes ?? Infinity), how: 'sample' };
  const together = freedAtLimit(evidence);
  if (together === null) {
    return sample;
  }
  if (evidence.diedTogether.length > 0) {
    const share = shareOfTheDead(evidence);
    return share === null
      ? sample
      : larger({ bytes: Math.floor(together * share), how: 'difference' }, sample);
  }
  return larger({ bytes: together, how: 'difference' }, caughtUp(evidence, sample));
}

/** The limit less what is left after the death; null where it did not die of it, or nothing was read. */
function freedAtLimit(evidence: Evidence): number | null {
  const { limitBytes, memoryAfter, exit } = evidence;
  const mayBeKilled = exit.how === 'unknown' || (exit.how === 'signal' && exit.signal === SIGKILL);
  return !mayBeKilled ||
    evidence.intent !== 'none' ||
    !evidence.kernelDied ||
    limitBytes === null ||
    memoryAfter === null ||
    shortage(evidence).where !== 'own'
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
function shareOfTheDead({ kernelSampleBytes, diedTogether, otherKernels }: Evidence): number | null {
  let total = kernelSampleBytes ?? 0;
  for (const kernelId of diedTogether) {
    const other = otherKernels.find(kernel => kernel.kernelId === kernelId);
    if (!other) {
      return null;
    }
    total += other.memoryBytes;
  }
  return kernelSampleBytes === null || total === 0 ? null : kernelSampleBytes / total;
}

function larger(a: IHeld, b: IHeld | null): IHeld {
  return b && b.bytes > a.bytes ? b : a;
}
