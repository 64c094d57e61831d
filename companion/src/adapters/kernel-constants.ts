import { readFileSync } from 'node:fs';

/** Units in which the kernel counts. */
export interface IKernelConstants {
  /** Bytes per page of memory: the unit of `/proc/<pid>/statm`. */
  readonly pageBytes: number;
  /** Clock ticks per second: the unit of the times in `/proc/<pid>/stat`. */
  readonly ticksPerSecond: number;
}

/** AT_PAGESZ and AT_CLKTCK of getauxval(3). */
const AT_PAGESZ = 6n;
const AT_CLKTCK = 17n;

/** What nearly every machine has; arm64 kernels with pages of 64 KiB do not. */
const USUAL: IKernelConstants = { pageBytes: 4096, ticksPerSecond: 100 };

/**
 * Reads the page size and the clock tick from the auxiliary vector: Node has no call for them, and `getconf` would
 * be a child process. The vector is pairs of 64-bit words on every platform for which Node is built.
 */
export function readKernelConstants(procRoot: string): IKernelConstants {
  let vector: Buffer;
  try {
    vector = readFileSync(`${procRoot}/self/auxv`);
  } catch {
    // Not readable in some sandboxes; the usual values are right there too, as far as is known.
    return USUAL;
  }
  let { pageBytes, ticksPerSecond } = USUAL;
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    const key = vector.readBigUInt64LE(at);
    const value = Number(vector.readBigUInt64LE(at + 8));
    if (key === AT_PAGESZ && value > 0) {
      pageBytes = value;
    } else if (key === AT_CLKTCK && value > 0) {
      ticksPerSecond = value;
    }
  }
  return { pageBytes, ticksPerSecond };
}
