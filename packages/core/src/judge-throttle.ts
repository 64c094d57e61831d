import type { Verdict } from '@labkeeper/protocol';
import { threadsFor, type IThrottleFinding } from './throttle-detector.js';

/**
 * The verdict about a cell that the CPU quota slows down. That it was held is counted by the system; whom to blame rests
 * on looks at the threads, and without them on nothing but that the quota is what it is.
 */
export function judgeThrottle(finding: IThrottleFinding): Verdict {
  const { share, forMs, threads, quotaCores, cause } = finding;
  return {
    cause: 'cpu-throttled',
    confidence: cause === 'threads' ? 'high' : 'medium',
    memory: 'no',
    heldBytes: null,
    proofs: [
      { kind: 'throttled', share, forMs },
      ...(threads === null ? [] : [{ kind: 'threads' as const, threads, quotaCores }])
    ],
    advice:
      cause === 'threads'
        ? [
            { kind: 'set-threads', variable: 'OMP_NUM_THREADS', value: threadsFor(quotaCores) },
            { kind: 'bigger-tier', resource: 'cpu' }
          ]
        : [{ kind: 'bigger-tier', resource: 'cpu' }]
  };
}
