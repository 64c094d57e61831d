import type { Announcement } from '@labkeeper/protocol';
import { wantWords } from '../pages/request-words.js';
import type { IUnloggedAct } from '../store/request-acts.js';
import type { IMessagePlace } from './message-queue.js';

/** How a request stands after an act. */
const STATES = {
  submit: 'requested',
  approve: 'approved',
  deny: 'denied',
  withdraw: 'withdrawn',
  lapse: 'lapsed',
  expire: 'expired',
  revoke: 'revoked'
} as const;
const isTold = (kind: string): kind is keyof typeof STATES => Object.hasOwn(STATES, kind);
/** Characters of what somebody wrote, halves of pairs counted: a message has 1 024 of them at most. */
const WORDS = 512;

/**
 * What is told of an act on a request; null = nothing.
 *
 * @param pages - origin of the pages; null = there are none.
 */
export function requestAnnouncement(
  act: IUnloggedAct,
  pages: string | null
): { readonly announcement: Announcement; readonly place: IMessagePlace } | null {
  const { kind, request, speaker, want, side, by, words, reason, atMs, version } = act;
  if (!isTold(kind)) {
    return null;
  }
  const isMade = kind === 'submit';
  const said = isMade ? reason : words;
  return {
    announcement: {
      type: isMade ? 'request.made' : 'request.decided',
      timestamp: new Date(atMs).toISOString(),
      data: {
        ...{ hub: speaker.hub, id: request, user: speaker.user },
        ...{ kind: want.kind, title: [...wantWords(want)].slice(0, 256).join(''), state: STATES[kind] },
        by: side === 'asker' || by === '' ? null : by,
        reason: said === null || said === '' ? null : [...said].slice(0, WORDS).join(''),
        link: pages === null ? null : `${pages}/requests/${request}`
      }
    },
    place: { orderKey: `request:${request}`, onceKey: `request:${request}:${version}` }
  };
}
