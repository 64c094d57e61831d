import { attributeMemory } from '@labkeeper/core';
import type { Kernel, KernelUsage, LostWorker } from '@labkeeper/protocol';
import type { ICollector } from '../collectors/collector.js';
import type { OomScores } from './oom-scores.js';
import type { ProcessTable } from './process-table.js';
import { runnableThreads } from './runnable-threads.js';

/** A look at the processes that is younger than this is good enough to say who was lost. */
const FRESH_MS = 100;

/** What the collector is made of. */
export interface IKernelParts {
  readonly table: ProcessTable;
  readonly scores: OomScores;
  /** Whether the container has a memory limit of its own: then everything in its group may get a higher score. */
  readonly whole: () => boolean;
  /** What the container cannot free, at the last sample; null = not known. */
  readonly unreclaimableBytes: () => number | null;
  readonly monotonicMs: () => number;
}

/** What each kernel and everything it started use. Owns the table. */
export class KernelCollector implements ICollector<KernelUsage[]> {
  readonly name = 'kernels';

  constructor(private readonly parts: IKernelParts) {}

  get reason(): string | null {
    return null;
  }

  /** New kernels are looked for, measured and marked for the killer at once. */
  setKernels(kernels: readonly Kernel[]): void {
    if (this.parts.table.setKernels(kernels)) {
      this.look();
      this.protect();
    }
  }

  collect(): KernelUsage[] {
    const { table, unreclaimableBytes } = this.parts;
    this.look();
    const held = attributeMemory(table.measured, unreclaimableBytes());
    const usages: KernelUsage[] = [];
    for (const tree of table.trees) {
      if (tree.alive && tree.processes > 0) {
        tree.setMemory(held.get(tree.kernelId) ?? 0);
        const { kernelId, memoryBytes, peakBytes, cpuCores, threads, processes } = tree;
        usages.push({ kernelId, memoryBytes, peakBytes, cpuCores, threads, processes });
      }
    }
    return usages;
  }

  /** Members that a living kernel lost since the last call. */
  takeLost(kernelId: string): readonly LostWorker[] {
    if (this.parts.monotonicMs() - this.lookedAtMs >= FRESH_MS) {
      this.look();
    }
    return this.parts.table.tree(kernelId)?.takeLost() ?? [];
  }

  /** Threads that run or wait for a CPU, in that process of the kernel's where they are most; null = not known. */
  runnableThreads(kernelId: string): number | null {
    const { table } = this.parts;
    let most: number | null = null;
    for (const { pid } of table.tree(kernelId)?.members ?? []) {
      const runnable = runnableThreads(table.procRoot, pid);
      most = runnable === null ? most : Math.max(most ?? 0, runnable);
    }
    return most;
  }

  /** Raises the scores of everybody but the server, from now on; or puts them back. */
  protectServer(on: boolean): void {
    const { table, scores } = this.parts;
    this.protecting = on;
    table.scan();
    if (on) {
      this.protect();
    } else {
      scores.undo(table.processes);
    }
  }

  close(): void {
    if (this.protecting) {
      this.protectServer(false);
    }
    this.parts.table.close();
  }

  private look(): void {
    const { table, scores, whole, monotonicMs } = this.parts;
    this.lookedAtMs = monotonicMs();
    const found = table.scan();
    if (this.protecting && found.length > 0) {
      scores.raise(found, table, table.ofGroup && whole());
    }
    table.measure();
  }

  private protect(): void {
    const { table, scores, whole } = this.parts;
    if (this.protecting) {
      scores.raise(table.processes, table, table.ofGroup && whole());
    }
  }

  private protecting = false;
  private lookedAtMs = -Infinity;
}
