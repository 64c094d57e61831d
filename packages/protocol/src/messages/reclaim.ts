import * as v from 'valibot';
import { notification } from '../envelope.js';
import { DOCUMENTS_TOLD, DocumentStanding, KernelLoss, KERNELS_TOLD, Receipt } from '../values/losses.js';
import { Reclaim } from '../values/save.js';
import { Count, DurationMs, EpochMs, KernelId, Text } from '../values/units.js';

/**
 * Notices that the end is near, whole. Companion → page, after hello and on every change. Deadlines are times of the
 * companion's clock, which `nowMs` is by: the page's may differ by hours.
 */
export const reclaimsKnown = notification(
  'reclaim/known',
  v.object({ reclaims: v.array(Reclaim), nowMs: v.optional(EpochMs) })
);

/**
 * A trial reclaim in so many seconds; 0 ends the trial. Page → companion. With `checkpoints`, the user's checkpoint
 * cells run as they would in earnest.
 */
export const trialAsked = notification(
  'reclaim/trial',
  v.object({ seconds: v.pipe(Count, v.maxValue(600)), checkpoints: v.optional(v.boolean()) })
);

/** What all kernels hold that will be lost, whole; empty while there is no notice. Companion → page. */
export const lossesKnown = notification(
  'reclaim/kernels',
  v.object({ kernels: v.pipe(v.array(KernelLoss), v.maxLength(KERNELS_TOLD)) })
);

/** Code of one cell that is run at a notice. */
export const CHECKPOINT_CHARACTERS = 64 * 1024;
/** Such cells of one notebook, at most. */
export const CHECKPOINT_CELLS = 16;

/**
 * The cells that a user tagged to be run in a kernel at a notice, whole, in their order; none = she did not. Page →
 * companion, when the notebook is opened and on every change. They hold until another page says otherwise or the kernel
 * ends, so that they also run when no page is open.
 */
export const checkpointsKnown = notification(
  'reclaim/checkpoints',
  v.object({
    kernelId: KernelId,
    cells: v.pipe(
      v.array(v.object({ code: v.pipe(v.string(), v.maxLength(CHECKPOINT_CHARACTERS)) })),
      v.maxLength(CHECKPOINT_CELLS)
    )
  })
);

/** How the documents of a page stand while a notice holds, whole. Page → companion, for the receipt. */
export const documentsStanding = notification(
  'reclaim/standing',
  v.object({
    documents: v.pipe(v.array(DocumentStanding), v.maxLength(DOCUMENTS_TOLD)),
    safeAfterMs: v.nullable(Count)
  })
);

/** The receipt of the last end that came after a notice; null = there is none, or it was read. Companion → page. */
export const receiptKnown = notification('reclaim/receipt', v.object({ receipt: v.nullable(Receipt) }));

/** The user read the receipt of this notice, or does not want to. Page → companion. */
export const receiptRead = notification('reclaim/receipt-read', v.object({ id: Text }));

/** For how long the server has seen no activity, as it reports to the hub. Server extension → companion. */
export const serverIdle = notification('server/idle', v.object({ idleMs: DurationMs }));
