import type { Advice, Evidence } from '@labkeeper/protocol';

/** Below this it frees too little to be worth a kernel. */
const WORTH_BYTES = 50 * 1024 * 1024;
/** How many kernels are offered. */
const OFFERED = 2;

/** Advice to shut down idle kernels, those that free most first. Busy ones and those that died are not offered. */
export function freeKernelAdvice({ otherKernels, diedTogether }: Evidence): Advice[] {
  return otherKernels
    .filter(
      kernel =>
        kernel.idleForMs !== null &&
        kernel.memoryBytes >= WORTH_BYTES &&
        !diedTogether.includes(kernel.kernelId)
    )
    .sort((a, b) => b.memoryBytes - a.memoryBytes)
    .slice(0, OFFERED)
    .map(({ kernelId, title, memoryBytes, idleForMs }) => ({
      kind: 'free-kernel',
      kernelId,
      title,
      bytes: memoryBytes,
      idleForMs
    }));
}

/** What helps against the own memory limit. */
export function memoryAdvice(evidence: Evidence): Advice[] {
  return [{ kind: 'load-less' }, ...freeKernelAdvice(evidence), { kind: 'bigger-tier', resource: 'memory' }];
}
