import type { Logger } from 'pino';
import { createAccessApi } from '../hub-api/access-api.js';
import { createHubApi } from '../hub-api/hub-api.js';
import { createRunningServersApi } from '../hub-api/running-servers-api.js';
import { createServerRunsApi } from '../hub-api/server-runs-api.js';
import type { IDatabase } from '../store/database.js';
import { reasonOf } from '../failure.js';
import { indexByHub, keepFurtherHubs } from '../store/further-hubs.js';
import type { IHubSettings, IHubTrouble } from './hub-entry.js';
import type { IHubLinks } from './hubs.js';
import { readHubsFile, type IFirstHub } from './read-hubs-file.js';

export interface IOpenFurtherHubsOptions {
  /** null = there is no file. */
  readonly file: string | null;
  readonly first: IFirstHub;
  readonly database: IDatabase;
  /** Longest wait for a hub, in ms; and where it stops a server. */
  readonly timeoutMs: number;
  readonly stoppingMs: number;
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>;
  /** Epoch ms. */
  readonly nowMs: number;
}

/** Hubs beside the first, as the app and its pages take them. */
export interface IOpenedHubs {
  readonly settings: readonly IHubSettings[];
  readonly links: readonly IHubLinks[];
  readonly troubles: readonly IHubTrouble[];
  readonly isKnown: boolean;
}

/**
 * The hubs of the file. One that is away or wrongly told keeps neither the service nor the others from anything: no hub is
 * asked here.
 *
 * @returns null = there is no file and never was a further hub.
 * @throws when the database fails.
 */
export async function openFurtherHubs(options: IOpenFurtherHubsOptions): Promise<IOpenedHubs | null> {
  const { file, first, database, log, nowMs } = options;
  const { hubs, troubles } = file === null ? { hubs: [], troubles: [] } : await readHubsFile(file, first);
  troubles.forEach(({ id, sentence }) => log.error({ hub: id }, sentence));
  const isKnown = await keepFurtherHubs(
    database,
    hubs.map(({ id }) => id),
    nowMs
  );
  if (file === null && !isKnown) {
    return null;
  }
  await indexByHub(database).catch((error: unknown) =>
    log.warn(
      { reason: reasonOf(error) },
      'The index of records by hub could not be made in time, so that lists are slow. Make it by hand: create index record_hub on record (hub_id, received_at_ms, idx) where hub_id > 1.'
    )
  );
  log.info({ hubs: hubs.map(({ id }) => id) }, 'Further hubs are trusted.');
  return { settings: hubs, links: hubs.map(hub => linksOf(hub, options)), troubles, isKnown };
}

function linksOf(
  { id, apiUrl: url, token }: IHubSettings,
  { timeoutMs, stoppingMs }: IOpenFurtherHubsOptions
): IHubLinks {
  return {
    id,
    hubApi: createHubApi({ url, timeoutMs }),
    runningServers: createRunningServersApi({ url, token, timeoutMs }),
    serverRuns: createServerRunsApi({ url, token, timeoutMs }),
    accessApi: createAccessApi({ url, token, timeoutMs: stoppingMs })
  };
}
