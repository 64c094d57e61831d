import { join } from 'node:path';
import type { LimitSource } from '@labkeeper/protocol';
import { NumberFile } from '../adapters/number-file.js';
import type { ICgroup } from './locate-cgroups.js';

/** From here on a number of bytes means "no limit": v1 writes LONG_MAX rounded down to a page. */
const NO_LIMIT = 2 ** 60;

/** A bound and where it comes from. */
export interface IBound {
  readonly limitBytes: number | null;
  readonly limitSource: LimitSource;
}

/** What holds next to the control groups. */
export interface IOtherBounds {
  /** The hub's `MEM_LIMIT`. */
  readonly environmentBytes: number | null;
  readonly machineBytes: number | null;
  /** v1: `hierarchical_memory_limit`, which knows of groups above that cannot be seen. */
  readonly hierarchicalBytes: number | null;
}

/** The effective memory limit: the lowest of the container's own, those above it, the hub's, and the machine. */
export class MemoryLimit {
  constructor(group: ICgroup | null) {
    const name = group?.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
    this.own = group && new NumberFile(join(group.path, name));
    this.parents = group?.parents.map(path => new NumberFile(join(path, name))) ?? [];
    this.group = group?.version === 2 ? new NumberFile(join(group.path, 'memory.oom.group')) : null;
  }

  /** Reads the limits afresh: they change under a running container. */
  read(others: IOtherBounds): IBound {
    let limitBytes = limitOr(this.own?.read() ?? null);
    let limitSource: LimitSource = 'cgroup';
    let above = limitOr(others.hierarchicalBytes);
    for (const parent of this.parents) {
      above = Math.min(above, limitOr(parent.read()));
    }
    if (above < limitBytes) {
      limitBytes = above;
      limitSource = 'parent-cgroup';
    }
    const environment = limitOr(others.environmentBytes);
    if (environment < limitBytes) {
      limitBytes = environment;
      limitSource = 'environment';
    }
    const machine = limitOr(others.machineBytes);
    if (limitBytes === Infinity || machine < limitBytes) {
      return { limitBytes: machine === Infinity ? null : machine, limitSource: 'machine' };
    }
    return { limitBytes, limitSource };
  }

  /** `memory.oom.group`: the whole container dies at once. v1 has no such thing. */
  oomGroup(): boolean {
    return this.group?.read() === 1;
  }

  close(): void {
    this.own?.close();
    this.group?.close();
    this.parents.forEach(parent => parent.close());
  }

  private readonly own: NumberFile | null;
  private readonly parents: readonly NumberFile[];
  private readonly group: NumberFile | null;
}

function limitOr(bytes: number | null): number {
  return bytes === null || bytes >= NO_LIMIT ? Infinity : bytes;
}
