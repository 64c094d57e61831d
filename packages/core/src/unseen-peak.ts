import type { Evidence } from '@labkeeper/protocol';

/** What a process's own peak counts beside memory that cannot be freed: its program and libraries. */
const LIBRARY_BYTES = 28 * 1024 * 1024;
/** By this factor a peak is another one than that which samples saw. */
const UNSEEN = 1.1;

/** The part of a process's peak that could not be freed, in bytes. */
export function processPeak(exitPeakBytes: number): number {
  return Math.max(0, exitPeakBytes - LIBRARY_BYTES);
}

/**
 * The process's own peak in bytes, if it was reached after the last sample: no sample had seen as much, or the last one
 * was the highest. null = it lay before, or is not known.
 */
export function unseenPeak(evidence: Evidence): number | null {
  const { exitPeakBytes, kernelPeakBytes, kernelSampleBytes, limitBytes } = evidence;
  if (exitPeakBytes === null) {
    return null;
  }
  const bytes = processPeak(exitPeakBytes);
  const seenBytes = kernelPeakBytes ?? 0;
  const wasHighest = (kernelSampleBytes ?? 0) * UNSEEN >= seenBytes;
  return bytes > UNSEEN * seenBytes || wasHighest ? Math.min(bytes, limitBytes ?? Infinity) : null;
}
