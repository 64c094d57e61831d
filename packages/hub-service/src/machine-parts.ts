import type { IAppOptions } from './app-options.js';
import { RATES } from './ingest/record-routes.js';
import { SECRETS } from './keys/keys.js';
import { databaseAnswers } from './load/database-answers.js';
import type { IMachineParts } from './machine-listener.js';
import type { IServiceParts } from './service-parts.js';
import { entriesAt } from './store/own-entries.js';
import { RequestStreams } from './store/request-streams.js';
import { StoredStretches } from './store/stored-stretches.js';
import { TicketOffice } from './tickets/ticket-office.js';
import { Tickets } from './tickets/ticket.js';

/** What the machine listener is made of. */
export function machineParts(options: IAppOptions, parts: IServiceParts): IMachineParts {
  const { settings, database, keys, hubApi, log, nowMs, monotonicMs } = options;
  const { metrics, written, policy, asked, events } = parts;
  const { hubs } = parts.at;
  const requestStreams = new RequestStreams(database);
  return {
    ...{ ...written, keys, policy, metrics, log, nowMs, monotonicMs, asked },
    shedding: parts.load.shedding,
    serverEvents: events,
    office: new TicketOffice({
      ...{ id: settings.hubId, hubApi, monotonicMs },
      tickets: new Tickets(keys.secret(SECRETS.ticket), nowMs),
      ...{ checks: hubs.first.checks, running: hubs.first.running },
      further: hub => hubs.get(hub),
      isOneOfSeveral: () => parts.at.isOneOfSeveral()
    }),
    stretches: new StoredStretches(database),
    entriesAt: places => entriesAt(database, places),
    isRequestStream: boot => requestStreams.has(boot),
    prefix: settings.prefix,
    rates: options.rates ?? RATES,
    ownStream: () => parts.ownStream(),
    isReady: databaseAnswers(database, log, monotonicMs),
    ...(options.holdMs === undefined ? {} : { holdMs: options.holdMs })
  };
}
