import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { reasonOf } from '../failure.js';
import type { IServerRunsApi } from '../hub-api/server-runs-api.js';
import type { Hubs } from '../hubs/hubs.js';
import type { IDatabase } from '../store/database.js';
import { StreamImages } from '../store/stream-images.js';
import type { IServerRun } from '../store/server-events.js';
import { SqlServerEvents } from '../store/sql-server-events.js';
import { EventMetrics } from './event-metrics.js';
import { EventPurge } from './event-purge.js';
import type { IServerEventParts } from './server-event-routes.js';
import { RunsByHub } from './runs-by-hub.js';
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
  // Whoever speaks is of the first hub or of a further one, also of one that is trusted no longer when it is written.
  const further = { has: (hub: string) => hub !== hubs.first.id };
  const writer = new SqlServerEvents(database, nowMs, further);
  const metrics = new EventMetrics(registry);
  const runsAt = (hub: string, api: IServerRunsApi): ServerRuns => {
    const images = new StreamImages(database, hub, nowMs);
    const told = (running: ReadonlyMap<string, IServerRun>): void => {
      images
        .note(running)
        .catch((error: unknown) =>
          log.warn({ hub, reason: reasonOf(error) }, 'Images of servers could not be put down.')
        );
    };
    return new ServerRuns({ api, log, monotonicMs, told });
  };
  const runs = new RunsByHub(hubs, runsAt);
  const purge = new EventPurge({ writer, metrics, keptMs, log, nowMs });
  const parts: IServerEventParts = { writer, metrics, runs, announce };
  return {
    ...parts,
    start(): void {
      runs.start();
      purge.start();
    },
    close(): Promise<void> {
      runs.close();
      return purge.close();
    }
  };
}
