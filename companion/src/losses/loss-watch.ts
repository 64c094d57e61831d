import { effectiveReclaim, reclaimEffect } from '@labkeeper/core';
import { KERNELS_TOLD, type Kernel, type KernelLoss, type Reclaim } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import type { IKernelAsker } from './kernel-asker.js';
import { KernelLosses, type ILossOrders } from './kernel-losses.js';

/** While a notice holds it is looked this often: deadlines come, kernels become idle. */
const LOOK_MS = 500;
/** A kernel that is idle for so long is not just between two cells. */
const SETTLE_MS = 1000;
/** Memory is told in steps, so that its jitter is no news. */
const MEMORY_STEP_BYTES = 16 * 1024 ** 2;

/** When Python kernels are asked for their variables. */
export type VariablesMode =
  | 'off'
  /** While a notice holds. */
  | 'notice'
  /** Also each time a kernel becomes idle, so that those of one that is busy at the notice are known as of then. */
  | 'idle';

export interface ILossWatchOptions {
  readonly clock: IClock;
  /** When kernels are asked. */
  readonly mode: () => VariablesMode;
  readonly kernels: () => readonly Kernel[];
  /** What a kernel's processes hold; null = not measured. */
  readonly memoryOf: (kernelId: string) => number | null;
  /** null = the kernel cannot be asked. */
  readonly asker: (kernel: Kernel) => IKernelAsker | null;
  /** What is told has changed. */
  readonly changed: (losses: readonly KernelLoss[]) => void;
}

/** What will be lost with the kernels when a notice comes true, and the cells that are run before. */
export class LossWatch implements IDisposable {
  constructor(private readonly options: ILossWatchOptions) {}

  /** All kernels and what they hold; empty while there is no notice. */
  get losses(): readonly KernelLoss[] {
    return this.told;
  }

  /** The checkpoint cells of a kernel's notebook. */
  checkpoints(kernelId: string, cells: readonly string[]): void {
    const kernel = this.options.kernels().find(known => known.kernelId === kernelId);
    if (kernel) {
      this.of(kernel).cells = cells;
      this.look();
    }
  }

  kernelsChanged(): void {
    const ids = new Set(this.options.kernels().map(({ kernelId }) => kernelId));
    for (const kernelId of this.byKernel.keys()) {
      if (!ids.has(kernelId)) {
        this.byKernel.delete(kernelId);
      }
    }
    this.look();
  }

  /** @param withCheckpoints - whether a trial runs checkpoint cells. */
  noticed(reclaims: readonly Reclaim[], withCheckpoints: boolean): void {
    this.reclaims = reclaims;
    this.withCheckpoints = withCheckpoints;
    const notice = this.noticeOf(reclaims);
    if (notice !== this.notice) {
      this.notice = notice;
      this.byKernel.forEach(({ losses }) => losses.newNotice());
    }
    this.look();
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer?.dispose();
  }

  /** Names what runs checkpoint cells once: all true notices together, or one trial. */
  private noticeOf(reclaims: readonly Reclaim[]): string | null {
    const holding = reclaims.filter(reclaim => reclaimEffect(reclaim, true).losesMemory);
    return holding.some(({ kind }) => kind !== 'trial') ? 'notice' : (holding[0]?.id ?? null);
  }

  private look(): void {
    this.timer?.dispose();
    this.timer = null;
    if (this.isDisposed) {
      return;
    }
    const { clock } = this.options;
    const asksWhenIdle = this.asksWhenIdle;
    const orders = this.orders();
    let settles = false;
    for (const kernel of this.options.kernels()) {
      const losses = this.of(kernel);
      const idleMs = losses.idleMs(kernel);
      const isSettled = idleMs !== null && idleMs >= SETTLE_MS;
      settles ||= asksWhenIdle && idleMs !== null && !isSettled;
      losses.look(kernel, { ...orders, ask: orders.ask || (asksWhenIdle && isSettled) });
    }
    this.tell();
    if (this.notice !== null || settles) {
      this.timer = clock.after(LOOK_MS, () => this.look());
    }
  }

  private orders(): ILossOrders {
    const { reclaims, withCheckpoints } = this;
    const effects = reclaims.map(reclaim => ({ reclaim, ...reclaimEffect(reclaim, withCheckpoints) }));
    const first = effectiveReclaim(
      effects.filter(({ runsCheckpoints }) => runsCheckpoints).map(({ reclaim }) => reclaim)
    );
    return {
      ask: this.asksAtNotice,
      run: first && { deadlineMs: first.deadlineMs }
    };
  }

  /** Whether a notice holds at which kernels are asked. Before culling they are not: that would count as activity. */
  private get asksAtNotice(): boolean {
    return (
      this.options.mode() !== 'off' &&
      this.reclaims.some(reclaim => reclaim.kind !== 'cull' && reclaimEffect(reclaim, false).losesMemory)
    );
  }

  /** Whether kernels are asked each time that they become idle. Not before culling, either. */
  private get asksWhenIdle(): boolean {
    return (
      this.options.mode() === 'idle' &&
      !this.reclaims.some(({ kind, withdrawn }) => kind === 'cull' && !withdrawn)
    );
  }

  private tell(): void {
    const { kernels, memoryOf, changed } = this.options;
    const isAsked = this.asksAtNotice || this.asksWhenIdle;
    const told =
      this.notice === null
        ? []
        : kernels()
            .slice(0, KERNELS_TOLD)
            .map(kernel => this.of(kernel).tell(kernel, stepped(memoryOf(kernel.kernelId)), isAsked));
    if (JSON.stringify(told) !== JSON.stringify(this.told)) {
      this.told = told;
      changed(told);
    }
  }

  /** What is known of the kernel's present process: another one begins with nothing. */
  private of(kernel: Kernel): KernelLosses {
    const known = this.byKernel.get(kernel.kernelId);
    if (known && known.pid === kernel.pid) {
      return known.losses;
    }
    const losses = new KernelLosses({
      clock: this.options.clock,
      asker: this.options.asker(kernel),
      changed: () => this.look()
    });
    losses.cells = known?.losses.cells ?? [];
    this.byKernel.set(kernel.kernelId, { pid: kernel.pid, losses });
    return losses;
  }

  private reclaims: readonly Reclaim[] = [];
  private withCheckpoints = false;
  private notice: string | null = null;
  private told: readonly KernelLoss[] = [];
  private readonly byKernel = new Map<
    string,
    { readonly pid: number | null; readonly losses: KernelLosses }
  >();
  private timer: IDisposable | null = null;
  private isDisposed = false;
}

function stepped(bytes: number | null): number | null {
  return bytes === null ? null : Math.round(bytes / MEMORY_STEP_BYTES) * MEMORY_STEP_BYTES;
}
