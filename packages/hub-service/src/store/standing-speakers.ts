import { canonicalJson } from '@labkeeper/core';
import type { Kysely } from 'kysely';
import { there } from './find-or-make.js';
import { groupNames, type ISpeakerRows, learnGroupSets, setKey, speakerKey } from './learn-speakers.js';
import type { ISpeaker } from './log-writer.js';
import type { ITables } from './tables.js';

/** Somebody as she was found, with the number of her server. */
export interface IStanding {
  readonly speaker: ISpeaker;
  readonly onlyServer: number;
}

/**
 * Looks up those whose server still has their names. No person and no server is made: she may have been erased since.
 *
 * @param db - a transaction. @returns by `speakerKey`.
 */
export async function standingSpeakers(
  db: Kysely<ITables>,
  wanted: readonly IStanding[]
): Promise<ReadonlyMap<string, ISpeakerRows>> {
  if (wanted.length === 0) {
    return new Map();
  }
  const rows = await db
    .selectFrom('server')
    .innerJoin('person', 'person.id', 'server.person_id')
    .innerJoin('hub', 'hub.id', 'person.hub_id')
    .select(['server.id as serverId', 'server.uuid as server', 'server.name as serverName'])
    .select(['person.id as personId', 'person.uuid as person', 'person.name as user'])
    .select(['hub.id as hubId', 'hub.name as hub'])
    .where('server.id', 'in', [...new Set(wanted.map(({ onlyServer }) => onlyServer))])
    .execute();
  const found = wanted.flatMap(({ speaker, onlyServer }) => {
    const row = rows.find(({ serverId }) => serverId === onlyServer);
    const isStill =
      row?.hub === speaker.hub && row.user === speaker.user && row.serverName === speaker.server;
    return row && isStill ? [{ speaker, row, groups: groupNames(speaker.groups) }] : [];
  });
  const sets = await learnGroupSets(
    db,
    found.map(({ row, groups }) => ({ hubId: row.hubId, groups }))
  );
  return new Map(
    found.map(({ speaker, row, groups }) => {
      const { hubId, personId, person, serverId, server } = row;
      const groupSetId = there(sets.get(setKey({ hubId, names: canonicalJson(groups) }))).id;
      return [speakerKey(speaker), { hubId, personId, person, serverId, server, groupSetId }];
    })
  );
}
