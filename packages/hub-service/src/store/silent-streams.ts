import type { StreamHead } from '@labkeeper/protocol';
import { sql } from 'kysely';
import * as v from 'valibot';
import type { IDatabase } from './database.js';
import type { ISpeaker } from './log-writer.js';
import { OWN_USER } from './own-acts.js';
import { isCompanionStream, streamAbout } from './service-stream.js';

const Groups = v.array(v.string());

/** A stream of which nothing came any more, and that does not say that it ended. */
export interface ISilentStream {
  readonly speaker: ISpeaker;
  readonly serverId: number;
  /** Name of the service's stream that tells of it, and what that holds; null = nothing. */
  readonly told: string;
  readonly head: StreamHead | null;
  /** When its last record came, epoch ms. */
  readonly seenAtMs: number;
}

/** A place in the order in which streams fell silent. */
export interface ISilentPlace {
  readonly seenAtMs: number;
  readonly id: number;
}

/**
 * Streams of companions that fell silent before `untilMs` and that nobody told of since.
 *
 * @param after - those behind this place.
 * @param limit - of streams that are looked at.
 * @returns `last`: the place to go on behind; null = there are no more.
 */
export async function silentStreams(
  { read }: Pick<IDatabase, 'read'>,
  after: ISilentPlace,
  untilMs: number,
  limit: number
): Promise<{ readonly streams: readonly ISilentStream[]; readonly last: ISilentPlace | null }> {
  const rows = await read
    .selectFrom('stream as s')
    .innerJoin('server', 'server.id', 's.server_id')
    .innerJoin('person', 'person.id', 'server.person_id')
    .innerJoin('hub', 'hub.id', 'person.hub_id')
    // Its last record: its own time finds the month.
    .leftJoin('record as r', join =>
      join
        .onRef('r.stream_id', '=', 's.id')
        .onRef('r.seq', '=', 's.seq')
        .onRef('r.received_at_ms', '=', 's.seen_at_ms')
    )
    .leftJoin('group_set', 'group_set.id', 'r.group_set_id')
    .leftJoin('stream as t', join =>
      join
        .onRef('t.server_id', '=', 's.server_id')
        .on('t.boot', '=', sql<string>`substr(s.boot, 1, 14) || '8' || substr(s.boot, 16)`)
    )
    .select(['s.id', 's.boot', 's.seen_at_ms', 'r.action', 'group_set.names as groups'])
    .select('s.server_id as serverId')
    .select(['t.seq as toldSeq', 't.head as toldHead', 't.seen_at_ms as toldMs'])
    .select(['hub.name as hub', 'person.name as user', 'server.name as server'])
    .where('s.seen_at_ms', '<=', untilMs)
    .where(({ and, eb, or }) =>
      or([
        eb('s.seen_at_ms', '>', after.seenAtMs),
        and([eb('s.seen_at_ms', '=', after.seenAtMs), eb('s.id', '>', after.id)])
      ])
    )
    .where('s.seen_at_ms', '>=', after.seenAtMs)
    // Of versions that called those of requests as a companion's.
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('request').select('request.id').whereRef('request.boot', '=', 's.boot')))
    )
    .orderBy('s.seen_at_ms')
    .orderBy('s.id')
    .limit(limit)
    .execute();
  const streams = rows.flatMap((row): ISilentStream[] => {
    const { hub, user, server, boot, seen_at_ms: seenAtMs, groups, action } = row;
    const isTold = row.toldMs !== null && row.toldMs >= seenAtMs;
    // Whoever was erased has no name, and the service's own streams have no end.
    const isNobody = user === null || server === null || user === OWN_USER;
    if (isNobody || isTold || !isCompanionStream(boot) || action === null || action === 'closed') {
      return [];
    }
    const { toldSeq, toldHead, serverId } = row;
    return [
      {
        speaker: { hub, user, server, groups: groups === null ? [] : v.parse(Groups, JSON.parse(groups)) },
        ...{ serverId, told: streamAbout(boot) },
        head: toldSeq === null || toldHead === null ? null : { seq: toldSeq, hash: toldHead },
        seenAtMs
      }
    ];
  });
  const last = rows.at(-1);
  return {
    streams,
    last: last && rows.length === limit ? { seenAtMs: last.seen_at_ms, id: last.id } : null
  };
}
