import type { Evidence, Verdict } from '@labkeeper/protocol';
import { heldBytes } from './held.js';
import { judgeCode } from './judge-code.js';
import { judgeContainer } from './judge-container.js';
import { judgeLiving } from './judge-living.js';
import { judgeSignal } from './judge-signal.js';
import { wasUp } from './judge-start.js';
import { judgeSuccessor } from './judge-successor.js';
import { judgeUnseenExit } from './judge-unseen-exit.js';
import { busyProofs, exitProofs } from './proofs.js';

/**
 * Why a kernel died, or what is wrong with a living one.
 *
 * The order matters: what somebody asked for needs no explanation, whatever happened besides; what runs elsewhere
 * cannot be explained from here; then the way the process ended decides, and counters say who was behind it.
 * Evidence that does not decide gives `unknown`, with everything that was seen.
 */
export function judge(evidence: Evidence): Verdict {
  if (!evidence.kernelDied) {
    return judgeLiving(evidence);
  }
  if (evidence.intent !== 'none') {
    return {
      cause: 'asked-for',
      confidence: 'certain',
      memory: 'no',
      heldBytes: heldBytes(evidence)?.bytes ?? null,
      proofs: [...exitProofs(evidence), ...busyProofs(evidence)],
      advice: []
    };
  }
  if (evidence.kernel.pid === null && evidence.startFailure === null) {
    return {
      cause: 'runs-elsewhere',
      confidence: 'certain',
      memory: 'unknown',
      heldBytes: null,
      proofs: [],
      advice: [{ kind: 'ask-support' }]
    };
  }
  if (evidence.fromFlightRecorder) {
    return judgeContainer(evidence);
  }
  if (evidence.startFailure && wasUp(evidence)) {
    const first = judgeEnd({ ...evidence, startFailure: null });
    return judgeSuccessor(evidence, evidence.startFailure, first);
  }
  return judgeEnd(evidence);
}

/** By the way in which the process ended. */
function judgeEnd(evidence: Evidence): Verdict {
  switch (evidence.exit.how) {
    case 'signal':
      return judgeSignal(evidence, evidence.exit.signal);
    case 'code':
      return judgeCode(evidence, evidence.exit.code);
    case 'unknown':
      return judgeUnseenExit(evidence);
  }
}
