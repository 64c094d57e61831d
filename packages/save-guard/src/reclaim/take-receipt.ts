import {
  DOCUMENTS_TOLD,
  type DocumentStanding,
  type KernelLoss,
  type Receipt,
  type Reclaim
} from '@labkeeper/protocol';
import type { DocumentGuard } from '../document-guard.js';

/** How the documents stand now; of very many, those with work that is not safe. */
export function standings(guards: readonly DocumentGuard[]): DocumentStanding[] {
  return guards
    .map(({ context, light }) => ({
      path: context.path,
      lostMs: Math.round(light.ageMs),
      place: light.place
    }))
    .sort((a, b) => b.lostMs - a.lostMs)
    .slice(0, DOCUMENTS_TOLD);
}

/** What is safe and what is lost now. `nowMs`, in the server's time, is the moment that it tells about. */
export function takeReceipt(options: {
  readonly reclaim: Reclaim;
  readonly guards: readonly DocumentGuard[];
  readonly kernels: readonly KernelLoss[];
  readonly nowMs: number;
  readonly safeAfterMs: number | null;
}): Receipt {
  const { reclaim, guards, kernels, nowMs, safeAfterMs } = options;
  return {
    reclaim,
    atMs: Math.round(nowMs),
    safeAfterMs: safeAfterMs === null ? null : Math.round(safeAfterMs),
    documents: standings(guards),
    kernels: [...kernels]
  };
}
