import type { Announcement, ServerEvent } from '@labkeeper/protocol';
import { eventTitle } from '../pages/event-words.js';
import type { ISpeaker } from '../store/log-writer.js';
import type { IMessagePlace } from './message-queue.js';

/** Of one server one death is told in so long, in ms: whatever a container says, it floods no chat. */
const ONCE_MS = 300_000;

/**
 * What is told of a kernel that died; null = the event is another.
 *
 * @param nowMs - epoch ms by the service's own clock: a container names any time it likes.
 */
export function deathAnnouncement(
  { hub, user, server }: ISpeaker,
  event: ServerEvent,
  nowMs: number
): { readonly announcement: Announcement; readonly place: IMessagePlace } | null {
  if (event.kind !== 'death') {
    return null;
  }
  return {
    announcement: {
      type: 'kernel.died',
      timestamp: new Date(event.atMs).toISOString(),
      data: { hub, user, server, cause: event.cause, headline: eventTitle(event) }
    },
    place: {
      orderKey: `deaths:${hub}:${user}:${server}`,
      onceKey: JSON.stringify(['death', hub, user, server, Math.floor(nowMs / ONCE_MS)])
    }
  };
}
