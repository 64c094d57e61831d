import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { reasonOf } from '../failure.js';
import type { IServerRunsApi } from '../hub-api/server-runs-api.js';
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
  /** How this service calls the hub in its records. */
  readonly hub: string;
  /** null = where servers run is not read. */
  readonly api: IServerRunsApi | null;
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
  const { database, registry, hub, api, announce, keptMs, log, nowMs, monotonicMs } = options;
  const writer = new SqlServerEvents(database, nowMs);
  const metrics = new EventMetrics(registry);
  const images = new StreamImages(database, hub, nowMs);
  const told = (running: ReadonlyMap<string, IServerRun>): void => {
    images
      .note(running)
      .catch((error: unknown) =>
        log.warn({ reason: reasonOf(error) }, 'Images of servers could not be put down.')
      );
  };
  const runs = api && new ServerRuns({ api, log, monotonicMs, told });
  const purge = new EventPurge({ writer, metrics, keptMs, log, nowMs });
  const parts: IServerEventParts = { writer, metrics, runs, announce };
  return {
    ...parts,
    start(): void {
      runs?.start();
      purge.start();
    },
    close(): Promise<void> {
      runs?.close();
      return purge.close();
    }
  };
}
