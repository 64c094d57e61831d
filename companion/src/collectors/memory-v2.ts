import { join } from 'node:path';
import { KeyedFile } from '../adapters/keyed-file.js';
import { NumberFile } from '../adapters/number-file.js';
import type { IMemoryReading, IMemorySource } from './memory-reading.js';

/** Memory of a cgroup v2 (Documentation/admin-guide/cgroup-v2.rst, "Memory Interface Files"). */
export class MemoryV2 implements IMemorySource {
  constructor(path: string) {
    this.current = new NumberFile(join(path, 'memory.current'));
    this.stat = new KeyedFile(join(path, 'memory.stat'), KEYS);
    this.peak = new NumberFile(join(path, 'memory.peak'));
    this.swap = new NumberFile(join(path, 'memory.swap.current'));
  }

  get reason(): string | null {
    return this.current.reason ?? this.stat.reason;
  }

  read(): IMemoryReading | null {
    const usageBytes = this.current.read();
    if (usageBytes === null || !this.stat.read()) {
      return null;
    }
    return {
      usageBytes,
      anonBytes: this.stat.get('anon') ?? 0,
      shmemBytes: this.stat.get('shmem') ?? 0,
      kernelBytes: this.kernelBytes(),
      swapBytes: this.swap.read()
    };
  }

  peakBytes(): number | null {
    return this.peak.read();
  }

  close(): void {
    this.current.close();
    this.stat.close();
    this.peak.close();
    this.swap.close();
  }

  /** `kernel` is the sum of all kernel memory since Linux 5.18; before, its known parts are added up. */
  private kernelBytes(): number {
    const kernel = this.stat.get('kernel');
    if (kernel !== null) {
      return Math.max(0, kernel - (this.stat.get('slab_reclaimable') ?? 0));
    }
    return (
      (this.stat.get('kernel_stack') ?? 0) +
      (this.stat.get('pagetables') ?? 0) +
      (this.stat.get('percpu') ?? 0) +
      (this.stat.get('slab_unreclaimable') ?? 0)
    );
  }

  private readonly current: NumberFile;
  private readonly stat: KeyedFile<(typeof KEYS)[number]>;
  private readonly peak: NumberFile;
  private readonly swap: NumberFile;
}

const KEYS = [
  'anon',
  'shmem',
  'kernel',
  'kernel_stack',
  'pagetables',
  'percpu',
  'slab_reclaimable',
  'slab_unreclaimable'
] as const;
