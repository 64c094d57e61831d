import { Act, type HubTrust, parseShape } from '@labkeeper/protocol';
import type { Kysely, Transaction } from 'kysely';
import type { IDatabase } from './database.js';
import { aloneWithActs, noteAct } from './own-acts.js';
import type { ITables } from './tables.js';

/** A further hub as it stands in the log. */
export interface ITrustedHub {
  readonly id: string;
  readonly entry: NonNullable<HubTrust['entry']>;
}

export interface IKeepTrustedOptions {
  /** All that are trusted from now on. */
  readonly hubs: readonly ITrustedHub[];
  /** Whether nothing is wrong with the file; else a hub that is not among them is perhaps only told wrongly, and none is refused. */
  readonly isWhole: boolean;
  /** The first hub: at it are acts about the service as a whole. */
  readonly firstHub: string;
  readonly nowMs: number;
}

/**
 * Puts down what is other about the trusted hubs than the log's last word about each, one act for each of them; nothing where
 * another replica was first, with the same file. Sessions of people of a hub that is refused end with it, and so do those of one that
 * has another address: its people's tokens are for where they signed in.
 *
 * @returns whether there was something.
 */
export function keepTrusted(
  database: IDatabase,
  { hubs, isWhole, firstHub, nowMs }: IKeepTrustedOptions
): Promise<boolean> {
  return aloneWithActs(database, async db => {
    const changes = differences(await trustedNow(db), hubs).filter(
      ({ state }) => isWhole || state !== 'refused'
    );
    for (const trust of changes) {
      await note(db, trust, firstHub, nowMs);
      if (trust.state === 'refused' || trust.changed.includes('apiUrl')) {
        await endSessions(db, trust.hub);
      }
    }
    return changes.length > 0;
  });
}

/** Whether any further hub is trusted, by what the log says last. */
export async function trustsAny({ read }: IDatabase): Promise<boolean> {
  return (await trustedNow(read)).size > 0;
}

/** Ends the sessions of a hub's people. */
export async function endSessions(db: Kysely<ITables>, hub: string): Promise<void> {
  await db.deleteFrom('session').where('hub', '=', hub).execute();
}

/** What the log says last of each hub that is trusted by it. */
async function trustedNow(db: Kysely<ITables>): Promise<ReadonlyMap<string, ITrustedHub['entry']>> {
  const rows = await db
    .selectFrom('own_record')
    .select('act')
    .where('action', '=', 'trust')
    .orderBy('id')
    .execute();
  const trusted = new Map<string, ITrustedHub['entry']>();
  for (const { act } of rows) {
    const trust = parseShape(Act, act)?.trust;
    if (trust?.entry) {
      trusted.set(trust.hub, trust.entry);
    } else if (trust) {
      trusted.delete(trust.hub);
    }
  }
  return trusted;
}

function differences(
  before: ReadonlyMap<string, ITrustedHub['entry']>,
  now: readonly ITrustedHub[]
): readonly HubTrust[] {
  const ids = new Set(now.map(({ id }) => id));
  return [
    ...[...before.keys()]
      .filter(hub => !ids.has(hub))
      .map((hub): HubTrust => ({ hub, state: 'refused', changed: [], entry: null })),
    ...now.flatMap(({ id: hub, entry }): readonly HubTrust[] => {
      const old = before.get(hub);
      if (old === undefined) {
        return [{ hub, state: 'trusted', changed: [], entry }];
      }
      const was = new Map(Object.entries(old));
      const changed = Object.entries(entry).flatMap(([key, value]) => (was.get(key) === value ? [] : [key]));
      return changed.length === 0 ? [] : [{ hub, state: 'changed', changed, entry }];
    })
  ];
}

async function note(
  db: Transaction<ITables>,
  trust: HubTrust,
  firstHub: string,
  atMs: number
): Promise<void> {
  await noteAct(
    db,
    {
      ...{ action: 'trust', atMs, hub: firstHub, number: null, actor: null, subject: null },
      ...{ case: null, lifts: null, parts: [], trust }
    },
    null
  );
}
