import { KeyedFile } from '../adapters/keyed-file.js';

/** Memory of the whole machine, from /proc/meminfo (proc_meminfo(5)); bytes. */
export interface IMachineMemory {
  readonly totalBytes: number;
  readonly availableBytes: number;
  /** Everything that is not free. */
  readonly usageBytes: number;
  readonly anonBytes: number;
  readonly shmemBytes: number;
  /** Kernel memory that cannot be given back. */
  readonly kernelBytes: number;
  readonly swapBytes: number | null;
}

/** Reads the machine's memory: the bound where no control group limits, and half of the proof "not your limit". */
export class MachineMemory {
  constructor(procRoot: string) {
    this.file = new KeyedFile(`${procRoot}/meminfo`, KEYS);
  }

  get reason(): string | null {
    return this.file.reason;
  }

  /** null where there is no /proc/meminfo. */
  read(): IMachineMemory | null {
    if (!this.file.read()) {
      return null;
    }
    const totalBytes = this.bytes('MemTotal:');
    if (totalBytes === null) {
      return null;
    }
    const zero = (key: (typeof KEYS)[number]): number => this.bytes(key) ?? 0;
    const swapTotal = this.bytes('SwapTotal:');
    return {
      totalBytes,
      availableBytes: zero('MemAvailable:'),
      usageBytes: Math.max(0, totalBytes - zero('MemFree:')),
      anonBytes: zero('AnonPages:'),
      shmemBytes: zero('Shmem:'),
      kernelBytes: zero('SUnreclaim:') + zero('KernelStack:') + zero('PageTables:') + zero('Percpu:'),
      swapBytes: swapTotal === null ? null : Math.max(0, swapTotal - zero('SwapFree:'))
    };
  }

  close(): void {
    this.file.close();
  }

  private bytes(key: (typeof KEYS)[number]): number | null {
    const kib = this.file.get(key);
    return kib === null ? null : kib * 1024;
  }

  private readonly file: KeyedFile<(typeof KEYS)[number]>;
}

const KEYS = [
  'MemTotal:',
  'MemFree:',
  'MemAvailable:',
  'AnonPages:',
  'Shmem:',
  'SUnreclaim:',
  'KernelStack:',
  'PageTables:',
  'Percpu:',
  'SwapTotal:',
  'SwapFree:'
] as const;
