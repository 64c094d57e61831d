import type { LostWorker } from '@labkeeper/protocol';
import type { IObserver } from '../observer.js';
import type { KernelList } from '../watch/kernel-list.js';

/** How long a vanished process is remembered, in milliseconds. */
const REMEMBERED_MS = 4000;
/** How long before a death a worker may have vanished to belong to it. */
const LATELY_MS = 3000;

/** Processes below living kernels that vanished lately: most ended as they should, some were killed. */
export class LostWorkers {
  constructor(
    private readonly observer: IObserver,
    private readonly kernels: KernelList
  ) {}

  /** Looks after a full sample, which is when the observer notices. */
  look(monotonicMs: number): void {
    this.lost = this.lost.filter(lost => monotonicMs - lost.atMs < REMEMBERED_MS);
    for (const { kernelId, pid } of this.kernels.all) {
      if (pid !== null) {
        for (const worker of this.observer.takeLostWorkers(kernelId)) {
          this.lost.push({ kernelId, worker, atMs: monotonicMs });
        }
      }
    }
  }

  /** Of one kernel, the biggest first. */
  lately(kernelId: string, monotonicMs: number): LostWorker[] {
    return this.lost
      .filter(lost => lost.kernelId === kernelId && monotonicMs - lost.atMs < LATELY_MS)
      .map(lost => lost.worker)
      .sort((a, b) => b.memoryBytes - a.memoryBytes);
  }

  /** The biggest vanished ones, at most `count`: each kill took one process, and the killer takes the biggest. */
  biggest(count: number, monotonicMs: number): { readonly kernelId: string; readonly worker: LostWorker }[] {
    return this.lost
      .filter(lost => monotonicMs - lost.atMs < REMEMBERED_MS)
      .sort((a, b) => b.worker.memoryBytes - a.worker.memoryBytes)
      .slice(0, count);
  }

  /** Forgets those of a kernel that died itself. */
  forget(kernelId: string): void {
    this.lost = this.lost.filter(lost => lost.kernelId !== kernelId);
  }

  private lost: { readonly kernelId: string; readonly worker: LostWorker; readonly atMs: number }[] = [];
}
