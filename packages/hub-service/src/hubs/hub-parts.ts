import type { Registry } from 'prom-client';
import type { OwnActs } from '../store/own-acts.js';
import type { IAppOptions } from '../app-options.js';
import type { IHubTrouble } from './hub-entry.js';
import { FollowHubsFile } from './follow-hubs-file.js';
import { hubMetrics } from './hub-metrics.js';
import type { HubScope } from './hub-scope.js';
import { Hubs, type IHubLinks } from './hubs.js';
import type { IFollowedHubsFile } from './open-further-hubs.js';
import { FurtherHubsWatch } from './watch-further-hubs.js';

/** Hubs beside the first. */
export interface IFurtherHubs {
  readonly links: readonly IHubLinks[];
  /** What is wrong with their file. */
  readonly troubles: readonly IHubTrouble[];
  /** Whether there is or ever was one, so that people of a hub are limited to it. */
  readonly isKnown: boolean;
  /** Their file, which is followed; null or absent = there is none. */
  readonly follow?: IFollowedHubsFile | null;
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

const NONE: IFurtherHubs = { links: [], troubles: [], isKnown: false };

/**
 * The hubs that the service trusts, and what people of each are limited to.
 *
 * @param acts - append what is put down about them.
 */
export function hubParts(options: IAppOptions, registry: Registry, acts: Pick<OwnActs, 'flush'>): IHubParts {
  const { settings, hubApi, database, keys, log, nowMs, monotonicMs, lookMs } = options;
  const { links, troubles, isKnown, follow = null } = options.further ?? NONE;
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
  const following =
    follow &&
    new FollowHubsFile({
      ...{ ...follow, hubs, database, keys, log, nowMs },
      known: () => watch.learn(),
      flush: () => acts.flush(),
      ...(lookMs && { lookMs })
    });
  return {
    hubs,
    scope: hub => watch.scope(hub),
    isOneOfSeveral: () => options.further !== undefined || watch.isKnown,
    start: () => {
      hubs.start();
      watch.start();
      following?.start();
    },
    close: async () => {
      hubs.close();
      await following?.close();
      await watch.close();
    }
  };
}
