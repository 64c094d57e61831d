import type { Evidence, StartFailure, Verdict } from '@labkeeper/protocol';
import { counterChanges } from './counter-changes.js';
import { isFull } from './fullness.js';
import { busyProofs, diskProofs, exitProofs, movedProofs, processProofs, startProofs } from './proofs.js';

const NO_SPACE = /No space left on device|Disk quota exceeded|\bENOSPC\b|\bEDQUOT\b/;
const NO_PROCESS = /can't start new thread|Resource temporarily unavailable|\bBlockingIOError\b|\bEAGAIN\b/;
const NO_MODULE = /No module named '?([\p{L}\p{N}_.]+)'?/u;

/** The verdict about a kernel that did not start, from what the server and the kernel itself said. */
export function judgeStart(evidence: Evidence, failure: StartFailure): Verdict {
  const said = `${failure.message}\n${failure.stderrTail}`;
  const proofs = [...startProofs(evidence), ...exitProofs(evidence)];
  const common = { memory: 'no', heldBytes: null } as const;
  const module = missingModule(said);
  if (NO_SPACE.test(said) || (isFull(evidence.home) && module === null)) {
    return {
      ...common,
      cause: 'disk-full',
      confidence: NO_SPACE.test(said) ? 'certain' : 'medium',
      proofs: [...diskProofs(evidence), ...proofs],
      advice: [{ kind: 'free-disk' }]
    };
  }
  const refused = (counterChanges(evidence.before, evidence.after).pidsRefused ?? 0) > 0;
  if (refused || NO_PROCESS.test(said)) {
    return {
      ...common,
      cause: 'too-many-processes',
      confidence: refused ? 'certain' : 'high',
      proofs: [...movedProofs(evidence, 'pids-refused'), ...processProofs(evidence), ...proofs],
      advice: [{ kind: 'fewer-processes' }]
    };
  }
  return {
    ...common,
    cause: 'start-failed',
    confidence: 'certain',
    proofs: evidence.busyForMs === null ? proofs : [...proofs, ...busyProofs(evidence)],
    advice: [{ kind: 'fix-start', module }, { kind: 'ask-support' }]
  };
}

/** Whether the kernel had come up: then a failed start is that of its successor. */
export function wasUp({ kernel }: Evidence): boolean {
  return kernel.state === 'idle' || kernel.state === 'busy';
}

/** The module that Python did not find, the last one named; null = none. */
export function missingModule(text: string): string | null {
  const names = text.split('\n').flatMap(line => NO_MODULE.exec(line)?.[1] ?? []);
  return names.at(-1)?.replace(/\.$/, '') ?? null;
}
