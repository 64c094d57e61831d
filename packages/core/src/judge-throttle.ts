import type { Verdict } from '@labkeeper/protocol';
import { threadsFor, type IThrottleFinding } from './throttle-detector.js';

/** The verdict about a cell that the CPU quota slows down. */
export function judgeThrottle(finding: IThrottleFinding): Verdict {
  const { share, forMs, threads, quotaCores, cause } = finding;
  return {
    cause: 'cpu-throttled',
    confidence: 'certain',
    memory: 'no',
    heldBytes: null,
    proofs: [
      { kind: 'throttled', share, forMs },
      { kind: 'threads', threads, quotaCores }
    ],
    advice:
      cause === 'threads'
        ? [
            { kind: 'set-threads', variable: 'OMP_NUM_THREADS', value: threadsFor(quotaCores) },
            { kind: 'bigger-tier' }
          ]
        : [{ kind: 'bigger-tier' }]
  };
}
