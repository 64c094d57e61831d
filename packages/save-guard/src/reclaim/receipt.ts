import type { Reclaim } from '@labkeeper/protocol';
import type { DocumentGuard } from '../document-guard.js';

/** How one document stood at the end. */
export interface IReceiptDocument {
  readonly path: string;
  /** Age of the oldest change that would have been lost, in ms; 0 = none. */
  readonly lostMs: number;
  readonly place: 'file' | 'journal' | 'browser';
}

/** What was safe when the end came, or would have come. */
export interface IReceipt {
  readonly reclaim: Reclaim;
  /** Of the moment that it tells about, in ms since the Unix epoch. */
  readonly atMs: number;
  readonly documents: readonly IReceiptDocument[];
  /** From the notice until everything was safe, in ms; null = it was not. */
  readonly safeAfterMs: number | null;
}

/** Reads how the documents stand now. */
export function takeReceipt(
  reclaim: Reclaim,
  guards: readonly DocumentGuard[],
  atMs: number,
  safeAfterMs: number | null
): IReceipt {
  return {
    reclaim,
    atMs,
    safeAfterMs,
    documents: guards.map(({ context, light }) => ({
      path: context.path,
      lostMs: light.ageMs,
      place: light.place
    }))
  };
}
