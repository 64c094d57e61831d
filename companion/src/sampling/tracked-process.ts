import type { IProcessMemory } from '@labkeeper/core';
import { OpenFile } from '../adapters/open-file.js';
import type { KernelTree } from './kernel-tree.js';

/** A process of the container. Its numbers are those of the last measurement, and 0 outside of kernels' trees. */
export class TrackedProcess implements IProcessMemory {
  ppid = 0;
  session = 0;
  name = '';
  nameHash = 0;
  /** The kernel whose tree it belongs to; a member stays one when its parent dies. */
  tree: KernelTree | null = null;
  /** The scan that saw it last. */
  seenAt = 0;
  selfTicks = 0;
  childTicks = 0;
  threads = 0;
  rssBytes = 0;
  /** What its `stat` said of resident memory when `statm` was read last; −1 = it was not. */
  rssPages = -1;
  sharedBytes = 0;
  /** `anonBytes` of the measurement before: the killer's reaper empties a process while it still can be read. */
  anonBytesBefore = 0;
  /** Read only where `sharedBytes` is large; null = not. */
  shmemBytes: number | null = null;
  /** `sharedBytes` when `shmemBytes` was read. */
  shmemReadAt = 0;
  /** It ended and waits for its parent. */
  gone = false;
  /** Its `oom_score_adj` before it was raised; null = it was not. */
  scoreBefore: number | null = null;

  constructor(
    readonly pid: number,
    /** Ticks since boot: tells it from a later process with the same pid. */
    readonly startTicks: number,
    procRoot: string
  ) {
    this.stat = new OpenFile(`${procRoot}/${pid}/stat`);
    this.statm = new OpenFile(`${procRoot}/${pid}/statm`);
  }

  get kernelId(): string | null {
    return this.tree?.kernelId ?? null;
  }

  get isRoot(): boolean {
    return this.tree === null || this.tree.pid === this.pid;
  }

  /** Memory that only it holds, or that it shares with those it forked. */
  get anonBytes(): number {
    return Math.max(0, this.rssBytes - this.sharedBytes);
  }

  close(): void {
    this.stat.close();
    this.statm.close();
  }

  readonly stat: OpenFile;
  readonly statm: OpenFile;
}
