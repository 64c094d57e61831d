import { randomUUID } from 'node:crypto';
import { canonicalJson } from '@labkeeper/core';
import type { Kysely } from 'kysely';
import { byKey, findOrMake, there } from './find-or-make.js';
import type { ISpeaker } from './log-writer.js';
import type { ITables } from './tables.js';

/** The rows that stand for a speaker. */
export interface ISpeakerRows {
  readonly hubId: number;
  readonly personId: number;
  /** UUID. */
  readonly person: string;
  readonly serverId: number;
  /** UUID. */
  readonly server: string;
  readonly groupSetId: number;
}

/** Speakers are told apart by this. */
export function speakerKey({ hub, user, server, groups }: ISpeaker): string {
  return JSON.stringify([hub, user, server, groupNames(groups)]);
}

/**
 * Looks many speakers up in a few statements, and makes what is not there.
 *
 * @param nowMs - epoch ms. @returns all of them, by `speakerKey`.
 */
export async function learnSpeakers(
  db: Kysely<ITables>,
  speakers: readonly ISpeaker[],
  nowMs: number
): Promise<ReadonlyMap<string, ISpeakerRows>> {
  const hubs = await learnHubs(db, speakers);
  const hubIdOf = ({ hub }: ISpeaker): number => there(hubs.get(hub)).id;
  const persons = await learnPersons(
    db,
    speakers.map(speaker => ({ hubId: hubIdOf(speaker), name: speaker.user })),
    nowMs
  );
  const personOf = (speaker: ISpeaker) =>
    there(persons.get(personKeyOf({ hubId: hubIdOf(speaker), name: speaker.user })));
  const servers = await learnServers(
    db,
    speakers.map(speaker => ({ personId: personOf(speaker).id, name: speaker.server }))
  );
  const sets = await learnGroupSets(
    db,
    speakers.map(speaker => ({ hubId: hubIdOf(speaker), groups: groupNames(speaker.groups) }))
  );
  return new Map(
    speakers.map(speaker => {
      const hubId = hubIdOf(speaker);
      const person = personOf(speaker);
      const server = there(servers.get(serverKey({ personId: person.id, name: speaker.server })));
      const known: ISpeakerRows = {
        ...{ hubId, personId: person.id, person: person.uuid },
        ...{ serverId: server.id, server: server.uuid },
        groupSetId: there(sets.get(setKey({ hubId, names: canonicalJson(groupNames(speaker.groups)) }))).id
      };
      return [speakerKey(speaker), known];
    })
  );
}

/** As a set holds them. */
export function groupNames(groups: readonly string[]): readonly string[] {
  return [...new Set(groups)].sort();
}

/** The rows that stand for one speaker; made where they are not there. @param db - a transaction. */
export async function learnSpeaker(
  db: Kysely<ITables>,
  speaker: ISpeaker,
  nowMs: number
): Promise<ISpeakerRows> {
  return there((await learnSpeakers(db, [speaker], nowMs)).get(speakerKey(speaker)));
}

function learnHubs(db: Kysely<ITables>, speakers: readonly ISpeaker[]) {
  return findOrMake(
    byKey(speakers, ({ hub }) => hub),
    async all => {
      const names = [...new Set(all.map(({ hub }) => hub))];
      const rows = await db.selectFrom('hub').select(['id', 'name']).where('name', 'in', names).execute();
      return byKey(rows, ({ name }) => name);
    },
    missing =>
      db
        .insertInto('hub')
        .values(missing.map(({ hub }) => ({ name: hub })))
        .onConflict(conflict => conflict.doNothing())
        .execute()
  );
}

interface IWantedPerson {
  readonly hubId: number;
  /** null = erased: nobody is found by it. */
  readonly name: string | null;
}

function personKeyOf({ hubId, name }: IWantedPerson): string {
  return JSON.stringify([hubId, name]);
}

/** Persons by their names: who was erased has none any more. */
function learnPersons(
  db: Kysely<ITables>,
  wanted: readonly (IWantedPerson & { name: string })[],
  nowMs: number
) {
  return findOrMake(
    byKey(wanted, personKeyOf),
    async all => {
      const rows = await db
        .selectFrom('person')
        .select(['id', 'uuid', 'hub_id as hubId', 'name'])
        .where('hub_id', 'in', [...new Set(all.map(({ hubId }) => hubId))])
        .where('name', 'in', [...new Set(all.map(({ name }) => name))])
        .execute();
      return byKey(rows, personKeyOf);
    },
    missing =>
      db
        .insertInto('person')
        .values(
          missing.map(({ hubId, name }) => ({
            ...{ uuid: randomUUID(), hub_id: hubId, name, created_at_ms: nowMs }
          }))
        )
        .onConflict(conflict => conflict.doNothing())
        .execute()
  );
}

interface IWantedServer {
  readonly personId: number;
  readonly name: string | null;
}

function serverKey({ personId, name }: IWantedServer): string {
  return JSON.stringify([personId, name]);
}

function learnServers(db: Kysely<ITables>, wanted: readonly (IWantedServer & { name: string })[]) {
  return findOrMake(
    byKey(wanted, serverKey),
    async all => {
      const rows = await db
        .selectFrom('server')
        .select(['id', 'uuid', 'person_id as personId', 'name'])
        .where('person_id', 'in', [...new Set(all.map(({ personId }) => personId))])
        .where('name', 'in', [...new Set(all.map(({ name }) => name))])
        .execute();
      return byKey(rows, serverKey);
    },
    missing =>
      db
        .insertInto('server')
        .values(missing.map(({ personId, name }) => ({ uuid: randomUUID(), person_id: personId, name })))
        .onConflict(conflict => conflict.doNothing())
        .execute()
  );
}

/** Sets of groups are told apart by this. */
export function setKey({ hubId, names }: { readonly hubId: number; readonly names: string }): string {
  return `${hubId} ${names}`;
}

/** Looks sets of groups up, and makes what is not there. @returns by `setKey`. */
export function learnGroupSets(
  db: Kysely<ITables>,
  sets: readonly { readonly hubId: number; readonly groups: readonly string[] }[]
) {
  const wanted = sets.map(({ hubId, groups }) => ({ hubId, groups, names: canonicalJson(groups) }));
  const find = async (all: typeof wanted) => {
    const rows = await db
      .selectFrom('group_set')
      .select(['id', 'hub_id as hubId', 'names'])
      .where('hub_id', 'in', [...new Set(all.map(({ hubId }) => hubId))])
      .where('names', 'in', [...new Set(all.map(({ names }) => names))])
      .execute();
    return byKey(rows, setKey);
  };
  return findOrMake(
    byKey(wanted, setKey),
    all => find([...all]),
    async missing => {
      await db
        .insertInto('group_set')
        .values(missing.map(({ hubId, names }) => ({ hub_id: hubId, names })))
        .onConflict(conflict => conflict.doNothing())
        .execute();
      const made = await find([...missing]);
      const members = missing.flatMap(set =>
        set.groups.map(name => ({ set_id: there(made.get(setKey(set))).id, name }))
      );
      if (members.length > 0) {
        await db
          .insertInto('group_member')
          .values(members)
          .onConflict(conflict => conflict.doNothing())
          .execute();
      }
    }
  );
}
