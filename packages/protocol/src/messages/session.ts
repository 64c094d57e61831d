import * as v from 'valibot';
import { notification } from '../envelope.js';
import { EarlierSession, OpenDocuments } from '../values/session.js';
import { Text } from '../values/units.js';

/** The documents that are open in a page, whole. Page → companion, shortly after each change and when it connects. */
export const sessionNow = notification('save/session-now', v.object({ documents: OpenDocuments }));

/**
 * What was open when the server before this one ended; null = nothing, or the user has seen it. Companion → page, after
 * hello and on every change.
 */
export const sessionKnown = notification('save/session', v.object({ session: v.nullable(EarlierSession) }));

/** The user was told of it, or wants to see it no more. Page → companion. */
export const sessionSeen = notification(
  'save/session-seen',
  v.object({ id: Text, seen: v.picklist(['told', 'dismissed']) })
);
