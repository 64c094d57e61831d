import type { Death } from '@labkeeper/protocol';
import { kernel } from './scripted-observer.js';

/** A death about which nothing is known but its id. */
export function death(id: string): Death {
  return {
    id,
    atMs: 0,
    consequence: 'pending',
    verdict: {
      cause: 'unknown',
      confidence: 'none',
      memory: 'unknown',
      heldBytes: null,
      proofs: [],
      advice: []
    },
    evidence: {
      atMs: 0,
      kernel: kernel('a'),
      kernelDied: true,
      exit: { how: 'unknown' },
      intent: 'none',
      startFailure: null,
      limitBytes: null,
      limitSource: 'machine',
      oomGroup: false,
      before: null,
      after: null,
      memoryBefore: null,
      memoryAfter: null,
      peakBytes: null,
      kernelSampleBytes: null,
      kernelSampleAtMs: null,
      kernelPeakBytes: null,
      kernelLatelyBytes: null,
      exitPeakBytes: null,
      diedTogether: [],
      diedTogetherPeakBytes: null,
      lostWorkers: [],
      shm: null,
      home: null,
      processes: null,
      machineAvailableBytes: null,
      machineTotalBytes: null,
      busyForMs: null,
      recentBytes: [],
      otherKernels: [],
      series: 1,
      fromFlightRecorder: false
    }
  };
}
