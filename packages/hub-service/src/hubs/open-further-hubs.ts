import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createAccessApi } from '../hub-api/access-api.js';
import { createHubApi } from '../hub-api/hub-api.js';
import { createRunningServersApi } from '../hub-api/running-servers-api.js';
import { createServerRunsApi } from '../hub-api/server-runs-api.js';
import type { IKeys } from '../keys/keys.js';
import type { IDatabase } from '../store/database.js';
import { reasonOf } from '../failure.js';
import { indexByHub } from '../store/further-hubs.js';
import { notEmptied } from './emptied-file.js';
import type { IHubSettings, IHubTrouble } from './hub-entry.js';
import { HubsFile } from './hubs-file.js';
import type { IHubLinks } from './hubs.js';
import { keepHubs } from './keep-hubs.js';
import type { IFirstHub } from './read-hubs-file.js';

export interface IOpenFurtherHubsOptions {
  /** null = there is no file. */
  readonly file: string | null;
  readonly first: IFirstHub;
  readonly database: IDatabase;
  readonly keys: Pick<IKeys, 'secret'>;
  /** Longest wait for a hub, in ms; and where it stops a server. */
  readonly timeoutMs: number;
  readonly stoppingMs: number;
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>;
  /** Epoch ms. */
  readonly nowMs: number;
  /** Waits, ms; the usual unless given. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** Hubs beside the first, as the app takes them. */
export interface IOpenedHubs {
  readonly links: readonly IHubLinks[];
  readonly troubles: readonly IHubTrouble[];
  readonly isKnown: boolean;
  /** The file that is followed from then on, and how a hub of it is asked; null = there is none. */
  readonly follow: IFollowedHubsFile | null;
}

export interface IFollowedHubsFile {
  readonly file: HubsFile;
  readonly linksOf: (hub: IHubSettings) => IHubLinks;
}

/**
 * The hubs of the file. One that is away or wrongly told keeps neither the service nor the others from anything: no hub is
 * asked here.
 *
 * @returns null = there is no file and never was a further hub.
 * @throws when the database fails.
 */
export async function openFurtherHubs(options: IOpenFurtherHubsOptions): Promise<IOpenedHubs | null> {
  const { first, database, keys, log, nowMs, wait = (ms: number) => setTimeout(ms) } = options;
  const file = options.file === null ? null : new HubsFile(options.file, first);
  const { hubs, troubles } = file
    ? await notEmptied(file.path, await file.begin(), database)
    : { hubs: [], troubles: [] };
  troubles.forEach(({ id, sentence }) => log.error({ hub: id }, sentence));
  // With a mistake in the file hubs are left out here, and that is no word of anybody about them: other replicas go on.
  const isWhole = troubles.length === 0;
  const { isKnown, waitMs } = await keepHubs({ database, keys, firstHub: first.id, hubs, isWhole, nowMs });
  if (file === null && !isKnown) {
    return null;
  }
  if (waitMs > 0) {
    await wait(waitMs);
  }
  await indexByHub(database).catch((error: unknown) =>
    log.warn(
      { reason: reasonOf(error) },
      'The index of records by hub could not be made in time, so that lists are slow. Make it by hand: create index record_hub on record (hub_id, received_at_ms, idx) where hub_id > 1.'
    )
  );
  log.info({ hubs: hubs.map(({ id }) => id) }, 'Further hubs are trusted.');
  const linksOf = (hub: IHubSettings): IHubLinks => linksTo(hub, options);
  return { links: hubs.map(linksOf), troubles, isKnown, follow: file && { file, linksOf } };
}

function linksTo(
  settings: IHubSettings,
  { timeoutMs, stoppingMs }: Pick<IOpenFurtherHubsOptions, 'timeoutMs' | 'stoppingMs'>
): IHubLinks {
  const { id, apiUrl: url, token } = settings;
  return {
    ...{ id, settings },
    hubApi: createHubApi({ url, timeoutMs }),
    runningServers: createRunningServersApi({ url, token, timeoutMs }),
    serverRuns: createServerRunsApi({ url, token, timeoutMs }),
    accessApi: createAccessApi({ url, token, timeoutMs: stoppingMs })
  };
}
