import { join } from 'node:path';
import type { ProcessCount } from '@labkeeper/protocol';
import { NumberFile } from '../adapters/number-file.js';
import type { ICollector } from './collector.js';
import type { ICgroup } from './locate-cgroups.js';

/** Processes and threads of the container against the lowest limit on them (pids controller). */
export class PidsCollector implements ICollector<ProcessCount> {
  readonly name = 'pids';

  constructor(group: ICgroup | null) {
    this.current = group && new NumberFile(join(group.path, 'pids.current'));
    this.limits = group
      ? [group.path, ...group.parents].map(path => new NumberFile(join(path, 'pids.max')))
      : [];
  }

  get reason(): string | null {
    return this.current === null ? 'there is no pids control group' : this.current.reason;
  }

  collect(): ProcessCount | null {
    const current = this.current?.read() ?? null;
    if (current === null) {
      return null;
    }
    let limit = Infinity;
    for (const file of this.limits) {
      limit = Math.min(limit, file.read() ?? Infinity);
    }
    return { current, limit: limit === Infinity ? null : limit };
  }

  close(): void {
    this.current?.close();
    this.limits.forEach(file => file.close());
  }

  private readonly current: NumberFile | null;
  private readonly limits: readonly NumberFile[];
}
