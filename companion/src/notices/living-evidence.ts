import type { Counters, Evidence, Kernel, LostWorker } from '@labkeeper/protocol';
import { gatherEvidence, type IFacts } from '../watch/evidence.js';

/** What a look at the container told, beside the sample. */
export interface ILook {
  readonly before: Counters;
  readonly counters: Counters;
  readonly atMs: number;
  readonly monotonicMs: number;
}

/** The evidence about a kernel that lives. */
export function livingEvidence(
  facts: IFacts,
  kernel: Kernel,
  look: ILook,
  lostWorkers: readonly LostWorker[] = []
): Evidence {
  return gatherEvidence(
    facts,
    {
      kernel,
      kernelDied: false,
      atMs: look.atMs,
      exit: { how: 'unknown' },
      exitPeakBytes: null,
      intent: 'none',
      startFailure: null,
      before: look.before,
      after: look.counters,
      diedTogether: [],
      diedTogetherPeakBytes: null,
      lostWorkers,
      series: 1
    },
    look.monotonicMs
  );
}
