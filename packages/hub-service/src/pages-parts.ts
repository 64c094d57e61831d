import type { IAppOptions } from './app-options.js';
import { SECRETS } from './keys/keys.js';
import type { IPagesParts } from './pages-seam.js';
import type { IServiceParts } from './service-parts.js';
import { supportReach, supportReaders } from './people/support-right.js';
import { LogRange } from './store/log-range.js';
import { SqlHolders } from './store/sql-holders.js';
import { SqlSavedViews } from './store/sql-saved-views.js';
import { SqlServerEventReader } from './store/sql-server-event-reader.js';
import { SqlSessionStore } from './store/sql-session-store.js';

/** What the pages are made of. */
export function pagesParts(options: IAppOptions, parts: IServiceParts): IPagesParts {
  const { settings, database, keys, log, nowMs, monotonicMs } = options;
  const { written, at, access, policy, outgoing, digested, retained, partitions, asked } = parts;
  return {
    ...{ settings, keys, log, nowMs, monotonicMs, asked },
    reader: written.reader,
    ...{ hubs: at.hubs, scope: at.scope },
    // From the policy as it is at that moment.
    reach: person => supportReach(policy.active.policy)(person),
    readersOf: hub => supportReaders(policy.active.policy)(hub),
    ...{ legal: access.legal, offboarding: access.offboarding },
    range: new LogRange(database),
    holders: new SqlHolders(database),
    sessions: new SqlSessionStore(database, keys.secret(SECRETS.session), nowMs),
    views: new SqlSavedViews(database, nowMs),
    policyTrouble: () => policy.trouble,
    directory: () => policy.active.policy.directory ?? null,
    outgoing: () => outgoing.state(),
    again: which => outgoing.again(which),
    events: new SqlServerEventReader(database),
    anchors: digested.shown,
    retention: retained.shown,
    partitions: () => partitions.state(),
    cover: async () => {
      await parts.acts.flush();
      await digested.cover();
    }
  };
}
