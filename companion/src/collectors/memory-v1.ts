import { join } from 'node:path';
import { KeyedFile } from '../adapters/keyed-file.js';
import { NumberFile } from '../adapters/number-file.js';
import type { IMemoryReading, IMemorySource } from './memory-reading.js';

/**
 * Memory of a cgroup v1 (Documentation/admin-guide/cgroup-v1/memory.rst). The `total_` fields include the groups
 * below. Kernel memory is counted whole: v1 does not say how much of it could be given back.
 */
export class MemoryV1 implements IMemorySource {
  constructor(path: string) {
    this.usage = new NumberFile(join(path, 'memory.usage_in_bytes'));
    this.stat = new KeyedFile(join(path, 'memory.stat'), KEYS);
    this.kernel = new NumberFile(join(path, 'memory.kmem.usage_in_bytes'));
    this.peak = new NumberFile(join(path, 'memory.max_usage_in_bytes'));
  }

  get reason(): string | null {
    return this.usage.reason ?? this.stat.reason;
  }

  /** The lowest limit of this group and of those above it, seen or not; null before the first `read`, or none. */
  get hierarchicalLimitBytes(): number | null {
    return this.stat.get('hierarchical_memory_limit');
  }

  read(): IMemoryReading | null {
    const usageBytes = this.usage.read();
    const kernelBytes = this.kernel.read();
    if (usageBytes === null || !this.stat.read()) {
      return null;
    }
    return {
      usageBytes,
      anonBytes: this.stat.get('total_rss') ?? 0,
      shmemBytes: this.stat.get('total_shmem') ?? 0,
      kernelBytes: kernelBytes ?? 0,
      swapBytes: this.stat.get('total_swap')
    };
  }

  peakBytes(): number | null {
    return this.peak.read();
  }

  close(): void {
    this.usage.close();
    this.stat.close();
    this.kernel.close();
    this.peak.close();
  }

  private readonly usage: NumberFile;
  private readonly stat: KeyedFile<(typeof KEYS)[number]>;
  private readonly kernel: NumberFile;
  private readonly peak: NumberFile;
}

const KEYS = ['hierarchical_memory_limit', 'total_rss', 'total_shmem', 'total_swap'] as const;
