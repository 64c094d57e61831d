import type { Kernel, KernelOwner, KernelUsage } from '@labkeeper/protocol';

/** One kernel as the panel lists it. */
export interface IKernelRow {
  readonly kernelId: string;
  readonly title: string;
  readonly kernelName: string;
  readonly path: string | null;
  readonly owner: KernelOwner;
  readonly state: string;
  readonly stateSinceMs: number;
  /** Its processes are on another machine, where the companion cannot look. */
  readonly elsewhere: boolean;
  /** null = not measured (yet). */
  readonly usage: KernelUsage | null;
}

/** Kernels with what they use, the greatest memory first; those that are not measured come last, by title. */
export function kernelRows(
  kernels: readonly Kernel[],
  usages: readonly KernelUsage[]
): readonly IKernelRow[] {
  const usageOf = new Map(usages.map(usage => [usage.kernelId, usage]));
  return kernels
    .map(kernel => ({
      kernelId: kernel.kernelId,
      title: kernel.title || kernel.kernelName,
      kernelName: kernel.kernelName,
      path: kernel.path,
      owner: kernel.owner,
      state: kernel.state,
      stateSinceMs: kernel.stateSinceMs,
      elsewhere: kernel.pid === null,
      usage: kernel.pid === null ? null : (usageOf.get(kernel.kernelId) ?? null)
    }))
    .sort(
      (a, b) => (b.usage?.memoryBytes ?? -1) - (a.usage?.memoryBytes ?? -1) || a.title.localeCompare(b.title)
    );
}
