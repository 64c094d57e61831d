import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { reasonOf } from '../failure.js';
import type { Hubs } from '../hubs/hubs.js';
import type { IDatabase } from '../store/database.js';
import { StreamImages } from '../store/stream-images.js';
import type { IServerRun } from '../store/server-events.js';
import { SqlServerEvents } from '../store/sql-server-events.js';
import { EventMetrics } from './event-metrics.js';
import { EventPurge } from './event-purge.js';
import type { IServerEventParts } from './server-event-routes.js';
import { ServerRuns } from './server-runs.js';

export interface IEventPartsOptions {
  readonly database: IDatabase;
  readonly registry: Registry;
  /** Each says where its servers run. */
  readonly hubs: Hubs;
  /** Tells others of an event that was stored. */
  readonly announce: IServerEventParts['announce'];
  /** How long events are kept, ms. */
  readonly keptMs: () => number;
  readonly log: Logger;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** Everything behind the events of servers but their routes. */
export function eventParts(options: IEventPartsOptions) {
  const { database, registry, hubs, announce, keptMs, log, nowMs, monotonicMs } = options;
  const further = new Set(hubs.further.map(({ id }) => id));
  const writer = new SqlServerEvents(database, nowMs, further);
  const metrics = new EventMetrics(registry);
  const runs = new Map<string, ServerRuns>();
  for (const { id: hub, serverRuns: api } of hubs.all) {
    const images = new StreamImages(database, hub, nowMs);
    const told = (running: ReadonlyMap<string, IServerRun>): void => {
      images
        .note(running)
        .catch((error: unknown) =>
          log.warn({ hub, reason: reasonOf(error) }, 'Images of servers could not be put down.')
        );
    };
    if (api) {
      runs.set(hub, new ServerRuns({ api, log, monotonicMs, told }));
    }
  }
  const purge = new EventPurge({ writer, metrics, keptMs, log, nowMs });
  const parts: IServerEventParts = { writer, metrics, runs, announce };
  return {
    ...parts,
    start(): void {
      runs.forEach(of => of.start());
      purge.start();
    },
    close(): Promise<void> {
      runs.forEach(of => of.close());
      return purge.close();
    }
  };
}
