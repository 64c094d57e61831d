import type { Confidence, Evidence, Verdict } from '@labkeeper/protocol';
import { memoryAdvice } from './free-advice.js';
import {
  heldProofs,
  busyProofs,
  lastSampleProofs,
  limitProofs,
  peakProofs,
  togetherProofs
} from './proofs.js';
import { isMachineShort, shareBefore } from './shortage.js';

/** From this share on, the last sample says that the limit was the reason. */
const FULL_SHARE = 0.98;
/** From this one on, it may have been. */
const NEARLY_FULL_SHARE = 0.95;
/** `recentBytes` has one value a second, so this is how far its growth is drawn on. */
const REACH_SECONDS = 2;
/** Where the system kills the whole group, a container that was already in danger went the same way. */
const DANGER_SHARE = 0.9;

/** The verdict about a whole container that is gone, from the last that its flight recorder wrote. */
export function judgeContainer(evidence: Evidence): Verdict {
  const confidence = sureOfMemory(evidence);
  const held = evidence.kernelSampleBytes;
  const common: Pick<Verdict, 'heldBytes' | 'confidence' | 'proofs'> = {
    heldBytes: held,
    confidence: confidence ?? 'medium',
    proofs: [
      ...lastSampleProofs(evidence),
      ...(confidence ? [...limitProofs(evidence), ...peakProofs(evidence)] : []),
      ...heldProofs(held === null ? null : { bytes: held, how: 'sample' }),
      ...busyProofs(evidence),
      ...togetherProofs(evidence)
    ]
  };
  return confidence
    ? { ...common, cause: 'container-killed', memory: 'yes', advice: memoryAdvice(evidence) }
    : {
        ...common,
        cause: 'container-stopped',
        memory: evidence.memoryBefore === null ? 'unknown' : 'no',
        advice: [{ kind: 'not-you' }, { kind: 'ask-support' }]
      };
}

/** How sure it is that memory took the container; null = it was not memory, as far as was seen. */
function sureOfMemory(evidence: Evidence): Confidence | null {
  const share = shareBefore(evidence);
  const { memoryBefore, limitBytes, oomGroup } = evidence;
  if (share === null || memoryBefore === null || limitBytes === null || evidence.limitSource === 'machine') {
    // Without a limit, memory can only have been the machine's.
    return isMachineShort(evidence) ? 'medium' : null;
  }
  if (share >= FULL_SHARE) {
    return 'high';
  }
  if (share >= DANGER_SHARE && oomGroup) {
    return 'high';
  }
  if (share >= NEARLY_FULL_SHARE) {
    return 'medium';
  }
  const reach = memoryBefore.unreclaimableBytes + growthPerSecond(evidence.recentBytes) * REACH_SECONDS;
  return reach >= limitBytes ? 'medium' : null;
}

/** Growth of the last few seconds, bytes per second. */
function growthPerSecond(recentBytes: readonly number[]): number {
  const last = recentBytes.slice(-3);
  const [first, newest] = [last[0], last.at(-1)];
  return first === undefined || newest === undefined || last.length < 2
    ? 0
    : Math.max(0, (newest - first) / (last.length - 1));
}
