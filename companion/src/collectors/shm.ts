import type { DiskUsage } from '@labkeeper/protocol';
import { readSpaceSync } from '../adapters/file-system-usage.js';
import { reasonOf } from '../log.js';
import type { ICollector } from './collector.js';

/** Space in `/dev/shm`: memory, and often only 64 MB of it. */
export class ShmCollector implements ICollector<DiskUsage> {
  readonly name = 'shm';

  constructor(private readonly path: string) {}

  get reason(): string | null {
    return this.failure;
  }

  collect(): DiskUsage | null {
    try {
      const usage = readSpaceSync(this.path);
      this.failure = null;
      return usage;
    } catch (error) {
      this.failure = reasonOf(error);
      return null;
    }
  }

  close(): void {
    // Nothing is held.
  }

  private failure: string | null = null;
}
