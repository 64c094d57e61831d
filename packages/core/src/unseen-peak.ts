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
  const { exitPeakBytes, kernelPeakBytes, limitBytes } = evidence;
  if (exitPeakBytes === null) {
    return null;
  }
  const bytes = processPeak(exitPeakBytes);
  const seenBytes = kernelPeakBytes ?? 0;
  const wasHighest = (latestSample(evidence) ?? 0) * UNSEEN >= seenBytes;
  return bytes > UNSEEN * seenBytes || wasHighest ? Math.min(bytes, limitBytes ?? Infinity) : null;
}

/**
 * What samples last saw of the kernel while it lived, in bytes; null = none did. A killed process gives its memory back
 * for a while before its end is told, and the last sample may fall into that.
 */
export function latestSample({ kernelSampleBytes, kernelLatelyBytes }: Evidence): number | null {
  return kernelLatelyBytes === null ? kernelSampleBytes : Math.max(kernelSampleBytes ?? 0, kernelLatelyBytes);
}

/** What the processes of some deaths held at peaks that no sample had seen, together; null = not known of all. */
export function unseenPeaks(evidences: readonly Evidence[]): number | null {
  const peaks = evidences.map(unseenPeak);
  return peaks.length > 0 && peaks.every(peak => peak !== null)
    ? peaks.reduce((sum, peak) => sum + peak, 0)
    : null;
}
