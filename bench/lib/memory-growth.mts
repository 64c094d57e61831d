import { readFileSync, writeFileSync } from 'node:fs';
import { commandLine, childrenOf } from './server.mts';

/** From which on the peak of a process counts anew (Documentation/filesystems/proc.rst, clear_refs). */
const RESET_PEAK = '5';

/** How much more memory a process took at its worst than it had when this was asked for, in bytes. */
export function watchGrowth(pid: number): () => number {
  writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
  const before = kilobytes(pid, 'VmRSS');
  return () => (kilobytes(pid, 'VmHWM') - before) * 1024;
}

function kilobytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN);
}

/** The greatest memory of processes that a process starts for a while (kernels are none of them), in bytes. */
export class ShortLived {
  constructor(parent: () => number | null) {
    this.timer = setInterval(() => {
      const pid = parent();
      const sizes = (pid === null ? [] : childrenOf(pid)).map(child => sizeOf(child));
      this.peakBytes = Math.max(
        this.peakBytes,
        sizes.reduce((sum, size) => sum + size, 0)
      );
    }, 100);
  }

  peakBytes = 0;

  stop(): void {
    clearInterval(this.timer);
  }

  private readonly timer: ReturnType<typeof setInterval>;
}

function sizeOf(pid: number): number {
  try {
    const bytes = commandLine(pid).includes('ipykernel') ? 0 : kilobytes(pid, 'VmRSS') * 1024;
    // One that has ended and is not waited for has no memory, and no such line.
    return Number.isNaN(bytes) ? 0 : bytes;
  } catch {
    return 0; // It ended while we looked.
  }
}
