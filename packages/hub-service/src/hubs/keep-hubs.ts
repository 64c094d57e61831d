import type { IKeys } from '../keys/keys.js';
import type { IDatabase } from '../store/database.js';
import { furtherHubsSince, keepFurtherHubs } from '../store/further-hubs.js';
import { keepTrusted } from '../store/trusted-hubs.js';
import type { IHubSettings } from './hub-entry.js';
import { trustedEntry } from './trusted-entry.js';
import { LOOK_MS } from './watch-further-hubs.js';

/** So long, in ms, until every replica has looked whether there are further hubs. */
const TOLD_MS = 3 * LOOK_MS;

export interface IKeepHubsOptions {
  readonly database: IDatabase;
  readonly keys: Pick<IKeys, 'secret'>;
  readonly firstHub: string;
  /** All that the file says rightly. */
  readonly hubs: readonly IHubSettings[];
  /** Whether that is all of it: else no other is put down as refused. */
  readonly isWhole: boolean;
  /** Epoch ms. */
  readonly nowMs: number;
}

/** What was kept. */
export interface IKeptHubs {
  /** Whether there is or ever was a further hub. */
  readonly isKnown: boolean;
  /**
   * So long, in ms, none of them may be trusted yet: before the first record of a further hub other replicas may still show
   * all of the log to people of the first.
   */
  readonly waitMs: number;
}

/** Keeps, before any of them is trusted, which hubs there are: the log says what changed. @throws when the database fails. */
export async function keepHubs({
  database,
  keys,
  firstHub,
  hubs,
  isWhole,
  nowMs
}: IKeepHubsOptions): Promise<IKeptHubs> {
  const ids = hubs.map(({ id }) => id);
  const isKnown = await keepFurtherHubs(database, ids, nowMs);
  if (isKnown) {
    const trusted = hubs.map(hub => trustedEntry(hub, keys));
    await keepTrusted(database, { hubs: trusted, isWhole, firstHub, nowMs });
  }
  const sinceMs = await furtherHubsSince(database);
  const isNew = database.kind === 'postgres' && sinceMs !== null && Math.abs(nowMs - sinceMs) < TOLD_MS;
  return { isKnown, waitMs: isNew ? TOLD_MS : 0 };
}
