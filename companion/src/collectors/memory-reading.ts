/** Memory of the container at one moment, in bytes, before it is set against a limit. */
export interface IMemoryReading {
  /** Everything charged, cache included. */
  readonly usageBytes: number;
  readonly anonBytes: number;
  readonly shmemBytes: number;
  /** Kernel memory that cannot be given back. */
  readonly kernelBytes: number;
  readonly swapBytes: number | null;
}

/** Where the container's memory can be read. */
export interface IMemorySource {
  readonly reason: string | null;
  /** Two reads of open files. */
  read(): IMemoryReading | null;
  /** Highest usage since the start; null where the kernel does not keep it. */
  peakBytes(): number | null;
  close(): void;
}

/**
 * What cannot be reclaimed without swap: the out-of-memory killer comes when this reaches the limit, while cache
 * only makes room. Never more than the usage, whose counter runs ahead of or behind the others by some pages.
 */
export function unreclaimableBytes(reading: IMemoryReading): number {
  return Math.min(reading.usageBytes, reading.anonBytes + reading.shmemBytes + reading.kernelBytes);
}
