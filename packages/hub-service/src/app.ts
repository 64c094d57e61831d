import type { FastifyInstance } from 'fastify';
import type { IAppOptions } from './app-options.js';
import type { DigestSchedule } from './digests/digest-schedule.js';
import { machineListener } from './machine-listener.js';
import { machineParts } from './machine-parts.js';
import type { Outgoing } from './outgoing/outgoing.js';
import { pagesListener } from './pages/pages-listener.js';
import { pagesParts } from './pages-parts.js';
import type { PolicyInForce } from './policy/policy-in-force.js';
import { serviceParts, type IServiceParts } from './service-parts.js';

/** The service, as whoever made it starts and ends it. */
export interface IApp {
  /** Companions, JupyterHub, Prometheus. Whoever made the app lets it listen. */
  readonly machine: FastifyInstance;
  /** People, on the pages' own host; null = settings name none. */
  readonly pages: FastifyInstance | null;
  readonly digests: DigestSchedule;
  readonly policy: PolicyInForce;
  /** `announce` tells others. */
  readonly outgoing: Outgoing;
  /** Begins with the digests, and with reading which servers run. */
  start(): void;
  /** Ends in order: what came is stored and answered, a digest covers it. The database stays open. */
  close(): Promise<void>;
}

/** Connects all parts of the service. Nothing here reads the process's own environment, clock or arguments. */
export function createApp(options: IAppOptions): IApp {
  const parts = serviceParts(options);
  const machine = machineListener(machineParts(options, parts));
  const pages = options.settings.pages && pagesListener(options.pages ?? [], pagesParts(options, parts));
  const { digested, policy, outgoing } = parts;
  return {
    ...{ machine, pages, digests: digested.digests, policy, outgoing },
    start: () => start(parts),
    close: () => close(parts, [machine, ...(pages ? [pages] : [])])
  };
}

function start(parts: IServiceParts): void {
  const { digested, partitions, asked, outgoing, acts, retained, at, events, ended } = parts;
  digested.start();
  partitions.start();
  asked.recorder.start();
  void asked.news.start();
  outgoing.start();
  // What a replica that ended had put down.
  void acts.flush();
  retained.retention.start();
  at.start();
  events.start();
  ended.start();
}

async function close(parts: IServiceParts, listeners: readonly FastifyInstance[]): Promise<void> {
  await parts.at.close();
  await Promise.all(listeners.map(listener => listener.close()));
  await parts.policy.close();
  parts.asked.news.close();
  await parts.asked.recorder.close();
  await parts.retained.retention.close();
  await parts.outgoing.close();
  await parts.events.close();
  await parts.ended.close();
  await parts.partitions.close();
  await parts.written.commit.drain();
  await parts.digested.close();
  parts.load.close();
}
