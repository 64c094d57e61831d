import type { Cause, Evidence, Notice, Proof, Verdict } from '@labkeeper/protocol';
import type { Speech } from '../speech.js';
import { proofOf } from './proof-of.js';

/** What a headline is made of. A notice has no evidence. */
export interface IHeadlineFacts {
  readonly verdict: Verdict;
  readonly evidence: Evidence | null;
  /** The kernels of a notice; empty for a death. */
  readonly kernels: Notice['kernels'];
}

/** The cause in a few words, the first ones carrying it. A cause is named only where the verdict knows it. */
export function headline(facts: IHeadlineFacts, speech: Speech): string {
  const { trans, quantities } = speech;
  const { verdict, evidence } = facts;
  switch (verdict.cause) {
    case 'memory-limit': {
      const limitBytes = limitOf(facts);
      return limitBytes === null
        ? trans.__('Memory limit exceeded')
        : trans.__('Memory limit exceeded: %1', quantities.bytes(limitBytes));
    }
    case 'memory-elsewhere': {
      const used = usedOfLimit(facts, speech);
      return used === null
        ? trans.__('The machine ran out of memory, not you')
        : trans.__('The machine ran out of memory, not you: you used %1', used);
    }
    case 'killed-outside':
    case 'terminated-outside': {
      const signal = signalOf(verdict, evidence) ?? (verdict.cause === 'killed-outside' ? 9 : 15);
      return verdict.memory === 'no'
        ? trans.__('Stopped from outside (signal %1), not by the memory limit', signal)
        : trans.__('Stopped from outside (signal %1)', signal);
    }
    case 'segfault':
      return trans.__('Crashed in native code: segmentation fault');
    case 'bus-error':
      return trans.__('Crashed in native code: bus error');
    case 'illegal-instruction':
      return trans.__('Crashed in native code: illegal instruction');
    case 'abort':
      return trans.__('Crashed in native code: abort');
    case 'floating-point':
      return trans.__('Crashed in native code: arithmetic trap');
    case 'shm-full': {
      const shm = proofOf(verdict, 'shm');
      const sizeBytes = shm?.sizeBytes ?? evidence?.shm?.sizeBytes ?? null;
      return sizeBytes === null
        ? trans.__('/dev/shm is full')
        : trans.__('/dev/shm is full (%1)', quantities.bytes(sizeBytes));
    }
    case 'exited': {
      const code = proofOf(verdict, 'exit-code')?.code ?? codeOf(evidence);
      return code === null
        ? trans.__('The program ended itself')
        : trans.__('The program ended itself with code %1', code);
    }
    case 'start-failed': {
      const module = missingModule(verdict);
      return module === null
        ? trans.__('The kernel could not start')
        : trans.__('The kernel could not start: the module %1 is missing', module);
    }
    case 'too-many-processes': {
      const limit = proofOf(verdict, 'processes')?.limit ?? evidence?.processes?.limit ?? null;
      return limit === null
        ? trans.__('Too many processes')
        : trans._n('Too many processes: %1 is allowed', 'Too many processes: %1 are allowed', limit);
    }
    case 'disk-full': {
      const sizeBytes = proofOf(verdict, 'disk')?.sizeBytes ?? evidence?.home?.sizeBytes ?? null;
      return sizeBytes === null
        ? trans.__('The disk is full')
        : trans.__('The disk is full (%1)', quantities.bytes(sizeBytes));
    }
    case 'worker-killed':
      return trans.__('A worker process was killed; the kernel still runs and may wait for ever');
    case 'container-killed':
      return containerKilled(facts, speech);
    case 'container-stopped':
      return trans.__('The whole container was stopped');
    case 'cpu-throttled': {
      const forMs = proofOf(verdict, 'throttled')?.forMs ?? null;
      if (forMs === null) {
        return trans.__('CPU throttled');
      }
      const minutes = Math.round(forMs / 60_000);
      return minutes === 0
        ? trans.__('CPU throttled for %1', quantities.duration(forMs))
        : trans._n('CPU throttled for %1 minute', 'CPU throttled for %1 minutes', minutes);
    }
    case 'asked-for':
      return trans.__('The kernel was ended on request');
    case 'runs-elsewhere':
      return trans.__('This kernel runs elsewhere; what happens there cannot be seen from here');
    case 'unknown':
      return trans.__('The kernel died; what we saw does not tell why');
    default:
      return unknownCause(verdict.cause, speech);
  }
}

/** The effective limit as the verdict or its evidence has it; null = none, or not known. */
export function limitOf({ verdict, evidence }: IHeadlineFacts): number | null {
  return (
    proofOf(verdict, 'limit')?.limitBytes ??
    evidence?.limitBytes ??
    proofOf(verdict, 'not-memory')?.limitBytes ??
    proofOf(verdict, 'last-sample')?.limitBytes ??
    null
  );
}

/** "2.1 of 8 GB", or "2.1 GB" where there is no limit; null where nothing was measured. */
export function usedOfLimit(facts: IHeadlineFacts, { quantities }: Speech): string | null {
  const used =
    proofOf(facts.verdict, 'not-memory')?.usedBytes ??
    facts.evidence?.memoryBefore?.unreclaimableBytes ??
    null;
  const limit = limitOf(facts);
  return used === null ? null : limit === null ? quantities.bytes(used) : quantities.bytesOf(used, limit);
}

/** The signal that ended the kernel; null = none, or not known. */
export function signalOf(verdict: Verdict, evidence: Evidence | null): number | null {
  return (
    proofOf(verdict, 'signal')?.signal ?? (evidence?.exit.how === 'signal' ? evidence.exit.signal : null)
  );
}

function codeOf(evidence: Evidence | null): number | null {
  return evidence?.exit.how === 'code' ? evidence.exit.code : null;
}

function missingModule(verdict: Verdict): string | null {
  for (const advice of verdict.advice) {
    if (advice.kind === 'fix-start') {
      return advice.module;
    }
  }
  return null;
}

function containerKilled(facts: IHeadlineFacts, speech: Speech): string {
  const { trans, quantities } = speech;
  const { memory, confidence } = facts.verdict;
  const limitBytes = limitOf(facts);
  const last: Extract<Proof, { kind: 'last-sample' }> | null = proofOf(facts.verdict, 'last-sample');
  if (memory !== 'yes') {
    return trans.__('The whole container was stopped');
  }
  if (confidence === 'medium' && last !== null && limitBytes !== null) {
    return trans.__(
      'The whole container was stopped while its memory was full: %1',
      quantities.bytesOf(last.unreclaimableBytes, limitBytes)
    );
  }
  return limitBytes === null
    ? trans.__('The whole container was stopped: memory limit exceeded')
    : trans.__('The whole container was stopped: memory limit exceeded (%1)', quantities.bytes(limitBytes));
}

/** Every cause of this version has its words; the compiler says so here when one is added. */
function unknownCause(cause: never, { trans }: Speech): string {
  const name: Cause = cause;
  return trans.__('Something happened that this version cannot explain: %1', name);
}
