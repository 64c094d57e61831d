import type { LostEvent } from '@labkeeper/protocol';
import type { Sha256OfText } from '../audit/record-chain.js';
import { eventId } from './death-event.js';

/** Events of one event, at most: what the protocol lets a count be. */
const MOST = 1e6;

/**
 * Tells the hub that events will never come.
 *
 * @param what - names this loss: the same each time that it is told.
 * @param atMs - when it was found, epoch ms.
 */
export function lostEvent(
  sha256: Sha256OfText,
  what: string,
  atMs: number,
  { why, sinceMs, count }: Pick<LostEvent, 'why' | 'sinceMs' | 'count'>
): LostEvent {
  return {
    kind: 'lost',
    id: eventId(sha256, `lost ${what}`),
    atMs: Math.max(0, Math.floor(atMs)),
    why,
    sinceMs,
    count: count === null ? null : Math.min(MOST, count)
  };
}
