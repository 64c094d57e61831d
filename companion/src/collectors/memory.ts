import type { MemoryMoment, MemoryUsage } from '@labkeeper/protocol';
import type { ILimit } from '../observer.js';
import type { ICollector } from './collector.js';
import type { ICgroup } from './locate-cgroups.js';
import type { IBound } from './memory-limit.js';
import { MachineMemory, type IMachineMemory } from './machine-memory.js';
import { MemoryLimit } from './memory-limit.js';
import { MemoryOfMachine } from './memory-machine.js';
import { unreclaimableBytes, type IMemorySource } from './memory-reading.js';
import { MemoryV1 } from './memory-v1.js';
import { MemoryV2 } from './memory-v2.js';

/** Memory of the container against the limit that holds. */
export class MemoryCollector implements ICollector<MemoryUsage> {
  readonly name = 'memory';

  /**
   * @param group - the container's memory group; null = the machine is the bound.
   * @param procRoot - where /proc is.
   * @param environmentBytes - the hub's `MEM_LIMIT`, or null.
   */
  constructor(
    group: ICgroup | null,
    procRoot: string,
    private readonly environmentBytes: number | null
  ) {
    this.machine = new MachineMemory(procRoot);
    this.v1 = group?.version === 1 ? new MemoryV1(group.path) : null;
    this.source = this.v1 ?? (group ? new MemoryV2(group.path) : new MemoryOfMachine(this.machine));
    this.bound = new MemoryLimit(group);
    this.machineBytes = this.machine.read()?.totalBytes ?? null;
  }

  get reason(): string | null {
    return this.source.reason;
  }

  collect(): MemoryUsage | null {
    const reading = this.source.read();
    if (reading === null) {
      return null;
    }
    const unreclaimable = unreclaimableBytes(reading);
    const { limitBytes, limitSource } = this.readBound();
    return {
      limitBytes,
      limitSource,
      usageBytes: reading.usageBytes,
      unreclaimableBytes: unreclaimable,
      cacheBytes: reading.usageBytes - unreclaimable,
      anonBytes: reading.anonBytes,
      shmemBytes: reading.shmemBytes,
      kernelBytes: reading.kernelBytes,
      peakBytes: this.source.peakBytes(),
      swapBytes: reading.swapBytes
    };
  }

  /** The same without limits and peak: cheap enough for every few milliseconds. */
  moment(nowMs: number): MemoryMoment | null {
    const reading = this.source.read();
    if (reading === null) {
      return null;
    }
    const unreclaimable = unreclaimableBytes(reading);
    return {
      atMs: nowMs,
      usageBytes: reading.usageBytes,
      unreclaimableBytes: unreclaimable,
      cacheBytes: reading.usageBytes - unreclaimable
    };
  }

  /** Highest usage since the group was made; null where the kernel does not keep it. */
  peakBytes(): number | null {
    return this.source.peakBytes();
  }

  /**
   * The bound as it is now; on v1 that of groups which cannot be seen as it was at the last reading of memory. It is
   * asked for at every look of the fast watch, so it costs one or two reads.
   */
  limit(): ILimit {
    if (this.v1 && this.v1.hierarchicalLimitBytes === null) {
      this.v1.read();
    }
    return { ...this.readBound(), oomGroup: this.bound.oomGroup() };
  }

  /** The machine's memory; null where there is no /proc/meminfo. */
  machineMemory(): IMachineMemory | null {
    return this.machine.read();
  }

  close(): void {
    this.source.close();
    this.machine.close();
    this.bound.close();
  }

  private readBound(): IBound {
    return this.bound.read({
      environmentBytes: this.environmentBytes,
      machineBytes: this.machineBytes,
      hierarchicalBytes: this.v1?.hierarchicalLimitBytes ?? null
    });
  }

  private readonly machine: MachineMemory;
  private readonly v1: MemoryV1 | null;
  private readonly source: IMemorySource;
  private readonly bound: MemoryLimit;
  private readonly machineBytes: number | null;
}
