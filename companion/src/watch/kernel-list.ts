import type { Kernel, OtherKernel } from '@labkeeper/protocol';
import type { Recent } from './recent.js';

/** Other kernels that a verdict names, at most. */
const OTHERS_NAMED = 10;

/** All kernels of the server, as it told last. */
export class KernelList {
  get all(): readonly Kernel[] {
    return this.kernels;
  }

  set(kernels: readonly Kernel[]): void {
    this.kernels = kernels;
  }

  get(kernelId: string): Kernel | null {
    return this.kernels.find(kernel => kernel.kernelId === kernelId) ?? null;
  }

  get busy(): readonly Kernel[] {
    return this.kernels.filter(kernel => kernel.state === 'busy');
  }

  /** Kernels but `except` that hold memory, the biggest first; those that died with it are among them. */
  others(except: string, recent: Recent, nowMs: number): OtherKernel[] {
    const others: OtherKernel[] = [];
    for (const kernel of this.kernels) {
      const usage = kernel.kernelId === except ? null : recent.usageOf(kernel.kernelId);
      if (usage) {
        others.push({
          kernelId: kernel.kernelId,
          title: kernel.title,
          memoryBytes: usage.memoryBytes,
          idleForMs: kernel.state === 'idle' ? Math.max(0, nowMs - kernel.stateSinceMs) : null
        });
      }
    }
    return others.sort((a, b) => b.memoryBytes - a.memoryBytes).slice(0, OTHERS_NAMED);
  }

  private kernels: readonly Kernel[] = [];
}
