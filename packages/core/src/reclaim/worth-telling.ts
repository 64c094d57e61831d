import type { Receipt } from '@labkeeper/protocol';

/**
 * Whether a receipt is offered after the next start. A stop or a culling is everyday: it is told only where something
 * was lost that people count on. A machine that was taken away always is.
 */
export function isWorthTelling({ reclaim, documents, kernels }: Receipt): boolean {
  switch (reclaim.kind) {
    case 'trial':
      return false;
    case 'stop':
    case 'cull':
      return (
        documents.some(({ lostMs }) => lostMs > 0) ||
        kernels.some(({ checkpoint }) => checkpoint?.state === 'failed' || checkpoint?.state === 'late')
      );
    case 'reclaim':
    case 'maintenance':
    case 'wall-time':
      return reclaim.memoryKept !== true;
  }
}
