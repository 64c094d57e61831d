import type { Proof } from '@labkeeper/protocol';
import type { Speech } from '../speech.js';

/** One piece of proof as one sentence; null for a kind that a newer companion knows and this page does not. */
export function proofSentence(proof: Proof, speech: Speech): string | null {
  const { trans, quantities } = speech;
  switch (proof.kind) {
    case 'limit':
      return proof.unreclaimableBytes === null
        ? trans.__("The container's limit is %1.", quantities.bytes(proof.limitBytes))
        : trans.__(
            "The container's limit is %1; %2 could not be freed.",
            quantities.bytes(proof.limitBytes),
            quantities.bytes(proof.unreclaimableBytes)
          );
    case 'peak':
      return trans.__(
        'The highest use of the container was %1, cache included.',
        quantities.bytes(proof.bytes)
      );
    case 'held':
      return proof.how === 'difference'
        ? trans.__('This kernel held %1: so much became free when it ended.', quantities.bytes(proof.bytes))
        : trans.__('This kernel held %1.', quantities.bytes(proof.bytes));
    case 'counter':
      return counterSentence(proof, speech);
    case 'signal':
      return trans.__('The kernel ended with signal %1 (%2).', proof.signal, signalName(proof.signal));
    case 'exit-code':
      return trans.__('The kernel ended with exit code %1.', proof.code);
    case 'busy':
      return proof.forMs < 1000
        ? trans.__('The kernel had been busy for less than a second.')
        : trans.__('The kernel had been busy for %1.', quantities.exactDuration(proof.forMs));
    case 'was-idle':
      return trans.__('The kernel was idle: no cell was running.');
    case 'not-memory':
      return proof.limitBytes === null
        ? trans.__('This was not memory: %1 was in use.', quantities.bytes(proof.usedBytes))
        : trans.__(
            'This was not memory: %1 was in use.',
            quantities.bytesOf(proof.usedBytes, proof.limitBytes)
          );
    case 'machine-memory':
      return trans.__(
        "Of the whole machine's memory, %1 was free.",
        quantities.bytesOf(proof.availableBytes, proof.totalBytes)
      );
    case 'shm':
      return trans.__('In /dev/shm, %1 was in use.', quantities.bytesOf(proof.usedBytes, proof.sizeBytes));
    case 'disk':
      return trans.__('On the disk, %1 was free.', quantities.bytesOf(proof.freeBytes, proof.sizeBytes));
    case 'processes':
      return trans._n(
        '%1 process was running; %2 are allowed.',
        '%1 processes were running; %2 are allowed.',
        proof.current,
        proof.limit
      );
    case 'worker':
      return trans.__('The worker process %1 held %2.', proof.name, quantities.bytes(proof.memoryBytes));
    case 'start-message':
      return trans.__('The message was: %1', proof.text);
    case 'ended-first':
      // Told by the name of its cause, which takes more than the proof.
      return null;
    case 'died-together':
      return trans._n(
        '%1 other kernel died at the same time.',
        '%1 other kernels died at the same time.',
        // The proof counts this one too.
        proof.kernels - 1
      );
    case 'last-sample':
      return trans.__(
        'The last measurement, at %1, showed %2 that could not be freed.',
        speech.time(proof.atMs),
        proof.limitBytes === null
          ? quantities.bytes(proof.unreclaimableBytes)
          : quantities.bytesOf(proof.unreclaimableBytes, proof.limitBytes)
      );
    case 'threads':
      return trans._n(
        '%1 thread shares a CPU quota of %2.',
        '%1 threads share a CPU quota of %2.',
        proof.threads,
        quantities.number(proof.quotaCores)
      );
    case 'throttled':
      return trans.__(
        'For %2, the container was made to wait in %1 of the time slices.',
        quantities.share(proof.share),
        quantities.exactDuration(proof.forMs)
      );
    case 'no-status':
      return trans.__('How the process ended could not be read: another program had taken its status.');
    default:
      return null;
  }
}

function counterSentence(proof: Extract<Proof, { kind: 'counter' }>, { trans }: Speech): string {
  const { before, after } = proof;
  const moved = before !== after;
  switch (proof.counter) {
    case 'oom-kill':
      return moved
        ? trans.__("The system's out-of-memory counter of this container went from %1 to %2.", before, after)
        : trans.__("The system's out-of-memory counter of this container did not move (%1).", after);
    case 'limit-hit':
      return moved
        ? trans.__('The counter of times this container reached its limit went from %1 to %2.', before, after)
        : trans.__('The counter of times this container reached its limit did not move (%1).', after);
    case 'group-kill':
      return moved
        ? trans.__('The counter of times this whole container was killed went from %1 to %2.', before, after)
        : trans.__('The counter of times this whole container was killed did not move (%1).', after);
    case 'pids-refused':
      return moved
        ? trans.__('The counter of refused new processes went from %1 to %2.', before, after)
        : trans.__('The counter of refused new processes did not move (%1).', after);
    case 'machine-oom-kill':
      return moved
        ? trans.__("The whole machine's out-of-memory counter went from %1 to %2.", before, after)
        : trans.__("The whole machine's out-of-memory counter did not move (%1).", after);
  }
}

/** Names of signal(7) as Linux numbers them on x86-64 and arm64. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  10: 'SIGUSR1',
  11: 'SIGSEGV',
  12: 'SIGUSR2',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
  24: 'SIGXCPU',
  25: 'SIGXFSZ',
  31: 'SIGSYS'
};

/** "SIGKILL"; "SIG34" for one without a common name. */
export function signalName(signal: number): string {
  return SIGNALS[signal] ?? `SIG${signal}`;
}
