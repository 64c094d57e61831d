import type { Registry } from 'prom-client';
import type { IAppOptions } from '../app-options.js';
import type { IHubTrouble } from './hub-entry.js';
import { hubMetrics } from './hub-metrics.js';
import type { HubScope } from './hub-scope.js';
import { Hubs, type IHubLinks } from './hubs.js';
import { FurtherHubsWatch } from './watch-further-hubs.js';

/** Hubs beside the first. */
export interface IFurtherHubs {
  readonly links: readonly IHubLinks[];
  /** What is wrong with their file. */
  readonly troubles: readonly IHubTrouble[];
  /** Whether there is or ever was one, so that people of a hub are limited to it. */
  readonly isKnown: boolean;
}

export interface IHubParts {
  readonly hubs: Hubs;
  /** What people of a hub are limited to. */
  readonly scope: HubScope;
  /** Whether any replica was told of further hubs, or this one rightly or not. */
  isOneOfSeveral(): boolean;
  start(): void;
  close(): Promise<void>;
}

/** The hubs that the service trusts, and what people of each are limited to. */
export function hubParts(options: IAppOptions, registry: Registry): IHubParts {
  const { settings, hubApi, database, log, nowMs, monotonicMs } = options;
  const { links, troubles, isKnown } = options.further ?? { links: [], troubles: [], isKnown: false };
  const hubs = new Hubs({
    first: {
      ...{ id: settings.hubId, hubApi, runningServers: options.runningServers ?? null },
      ...{ serverRuns: options.serverRuns ?? null, accessApi: options.accessApi ?? null }
    },
    further: links,
    ...{ troubles, log, nowMs, monotonicMs }
  });
  hubMetrics(registry, hubs);
  const watch = new FurtherHubsWatch({ database, isKnown, log });
  return {
    hubs,
    scope: hub => watch.scope(hub),
    isOneOfSeveral: () => options.further !== undefined || watch.isKnown,
    start: () => {
      hubs.start();
      watch.start();
    },
    close: () => {
      hubs.close();
      return watch.close();
    }
  };
}
