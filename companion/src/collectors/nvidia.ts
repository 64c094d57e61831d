import type { GpuUsage } from '@labkeeper/protocol';
import type { NvidiaSmi } from '../adapters/nvidia-smi.js';
import type { ICollector } from './collector.js';

/** NVIDIA GPUs, whole devices: the driver does not know the processes of a container. */
export class NvidiaCollector implements ICollector<readonly GpuUsage[]> {
  readonly name = 'nvidia';

  /**
   * @param source - the running program; null = the machine has none. Owned.
   */
  constructor(private readonly source: NvidiaSmi | null) {}

  get reason(): string | null {
    return this.source === null ? 'there is no nvidia-smi' : (this.source.reason ?? 'no row yet');
  }

  collect(): readonly GpuUsage[] | null {
    const rows = this.source?.rows() ?? [];
    return rows.length > 0 ? rows : null;
  }

  close(): void {
    this.source?.close();
  }
}
