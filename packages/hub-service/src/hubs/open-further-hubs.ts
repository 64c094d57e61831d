import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createAccessApi } from '../hub-api/access-api.js';
import { createHubApi } from '../hub-api/hub-api.js';
import { createRunningServersApi } from '../hub-api/running-servers-api.js';
import { createServerRunsApi } from '../hub-api/server-runs-api.js';
import type { IDatabase } from '../store/database.js';
import { reasonOf } from '../failure.js';
import { furtherHubsSince, indexByHub, keepFurtherHubs } from '../store/further-hubs.js';
import type { IHubSettings, IHubTrouble } from './hub-entry.js';
import type { IHubLinks } from './hubs.js';
import { readHubsFile, type IFirstHub } from './read-hubs-file.js';
import { LOOK_MS } from './watch-further-hubs.js';

/** So long, in ms, until every replica has looked whether there are further hubs. */
const TOLD_MS = 3 * LOOK_MS;

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
  /** Waits, ms; the usual unless given. */
  readonly wait?: (ms: number) => Promise<unknown>;
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
  const { file, first, database, log, nowMs, wait = (ms: number) => setTimeout(ms) } = options;
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
  const sinceMs = await furtherHubsSince(database);
  if (database.kind === 'postgres' && sinceMs !== null && Math.abs(nowMs - sinceMs) < TOLD_MS) {
    // Before the first record of a further hub: other replicas may still show all of the log to people of the first.
    await wait(TOLD_MS);
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
