import type { Announcement, ServerEvent } from '@labkeeper/protocol';
import { eventTitle } from '../pages/event-words.js';
import type { ISpeaker } from '../store/log-writer.js';
import type { IMessagePlace } from './message-queue.js';

/** What is told of a kernel that died; null = the event is another. */
export function deathAnnouncement(
  { hub, user, server }: ISpeaker,
  event: ServerEvent
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
    place: { orderKey: `deaths:${hub}:${user}:${server}`, onceKey: `death:${event.id}` }
  };
}
