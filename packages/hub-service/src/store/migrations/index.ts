import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import { anchorsSchema } from './anchors.js';
import { firstHub } from './first-hub.js';
import { firstSchema } from './first-schema.js';
import { furtherHubs } from './further-hubs.js';
import { holdings } from './holdings.js';
import { legalActs } from './legal-acts.js';
import { masterKeySchema } from './master-key.js';
import { monthlyPartitions } from './monthly-partitions.js';
import { outgoingSchema } from './outgoing.js';
import { outgoingLoss } from './outgoing-loss.js';
import { outgoingOrder } from './outgoing-order.js';
import { policySchema } from './policy.js';
import { savedViews } from './saved-views.js';
import { retention } from './retention.js';
import { sessionHub } from './session-hub.js';
import { sessionPerson } from './session-person.js';
import { sessions } from './sessions.js';
import { recordAppend } from './record-append.js';
import { requestsSchema } from './requests.js';
import { streamImage } from './stream-image.js';
import { shortEvents } from './short-events.js';
import { recordSearch } from './record-search.js';
import { waitingActs } from './waiting-acts.js';

/** All migrations by name, in the order of their names. One that was released is never changed. */
export function migrations(kind: DatabaseKind): Record<string, Migration> {
  return {
    '2026-11-27-first-schema': firstSchema(kind),
    '2026-11-27-holdings': holdings(kind),
    '2026-11-27-legal-acts': legalActs(kind),
    '2026-11-27-policy': policySchema(kind),
    '2026-11-27-record-append': recordAppend(kind),
    '2026-11-27-record-search': recordSearch(kind),
    '2026-11-27-requests': requestsSchema(kind),
    '2026-11-27-saved-views': savedViews(kind),
    '2026-11-27-sessions': sessions,
    '2026-11-27-short-events': shortEvents(kind),
    '2026-11-27-z-anchors': anchorsSchema(kind),
    '2026-11-28-outgoing': outgoingSchema(kind),
    '2026-11-28-stream-image': streamImage,
    '2026-11-30-master-key': masterKeySchema(kind),
    '2026-12-01-monthly-partitions': monthlyPartitions(kind),
    '2026-12-02-retention': retention(kind),
    '2026-12-02-session-person': sessionPerson,
    '2026-12-03-hubs': furtherHubs,
    '2026-12-04-outgoing-loss': outgoingLoss,
    '2026-12-05-first-hub': firstHub,
    '2026-12-05-session-hub': sessionHub,
    '2026-12-06-outgoing-order': outgoingOrder,
    '2026-12-07-waiting-acts': waitingActs
  };
}
