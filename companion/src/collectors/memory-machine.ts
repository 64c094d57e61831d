import type { MachineMemory } from './machine-memory.js';
import type { IMemoryReading, IMemorySource } from './memory-reading.js';

/** Where no control group is ours, the machine's memory is what is used and what runs out. */
export class MemoryOfMachine implements IMemorySource {
  /**
   * @param machine - owned by the caller.
   */
  constructor(private readonly machine: MachineMemory) {}

  get reason(): string | null {
    return this.machine.reason;
  }

  read(): IMemoryReading | null {
    return this.machine.read();
  }

  peakBytes(): number | null {
    return null;
  }

  close(): void {
    // Nothing of its own.
  }
}
