import type { Death, ServerEvent } from '@labkeeper/protocol';
import type { Sha256OfText } from '../audit/record-chain.js';

/** Digits of an event's id. */
const ID_DIGITS = 32;

/** An id that tells nothing of what it stands for, and is the same each time. */
export function eventId(sha256: Sha256OfText, what: string): string {
  return sha256(`labkeeper event ${what}`).slice(0, ID_DIGITS);
}

/**
 * What the hub is told of a death: verdict and numbers, member by member. The kernel's name, its title and path, names of
 * workers and messages of a failed start stay in the container.
 */
export function deathEvent(sha256: Sha256OfText, death: Death): ServerEvent {
  const { verdict, evidence, consequence } = death;
  const { exit, memoryAfter, memoryBefore, limitBytes } = evidence;
  const { cause, confidence, memory, heldBytes } = verdict;
  return {
    kind: 'death',
    id: eventId(sha256, death.id),
    atMs: death.atMs,
    ...{ cause, confidence, memory, consequence, heldBytes, limitBytes },
    signal: exit.how === 'signal' ? exit.signal : null,
    exitCode: exit.how === 'code' ? exit.code : null,
    unreclaimableBytes: (memoryBefore ?? memoryAfter)?.unreclaimableBytes ?? null
  };
}
