import { RequestWant } from '@labkeeper/protocol';
import { sql } from 'kysely';
import * as v from 'valibot';
import type { IRecordedAct } from '../requests/request-record.js';
import type { IDatabase } from './database.js';
import type { ISpeaker } from './log-writer.js';

const Groups = v.array(v.string());

/** An act that is to be put into the log. */
export interface IUnloggedAct extends IRecordedAct {
  readonly id: number;
  readonly speaker: ISpeaker;
  /** Its request's stream, and its place there. */
  readonly boot: string;
  readonly seq: number;
}

/** An act that waits, and what it is. */
export interface IWaitingAct {
  readonly request: string;
  /** @throws where it is not understood, as one of a later version may be not. */
  readonly read: () => IUnloggedAct;
}

/** The acts that are not in the log yet, each request's in its order. @param limit - of acts. @param after - a request: it and those before it are left out. */
export async function unloggedActs(
  { read }: IDatabase,
  limit: number,
  after: string
): Promise<readonly IWaitingAct[]> {
  const rows = await read
    .selectFrom('request_act as a')
    .innerJoin('request', 'request.id', 'a.request_id')
    .innerJoin('person', 'person.id', 'request.person_id')
    .innerJoin('hub', 'hub.id', 'person.hub_id')
    .innerJoin('server', 'server.id', 'request.server_id')
    .innerJoin('group_set', 'group_set.id', 'request.group_set_id')
    .select([
      'a.id',
      'a.request_id',
      'a.version',
      'a.kind',
      'a.side',
      'a.actor',
      'a.words',
      'a.at_ms',
      'a.log_seq'
    ])
    .select(['request.want', 'request.reason', 'request.boot'])
    .select(['hub.name as hub', 'person.name as user', 'server.name as server', 'group_set.names as groups'])
    // As its index says it.
    .where(sql<boolean>`a.logged in (0, 2)`)
    .where('a.request_id', '>', after)
    // Whoever was erased has no name that the log could be told.
    .where('person.name', 'is not', null)
    .orderBy('a.request_id')
    .orderBy('a.log_seq')
    .limit(limit)
    .execute();
  return rows.flatMap(({ user, server, log_seq: seq, groups, want, hub, ...row }) =>
    user === null || server === null || seq === null
      ? []
      : [
          {
            request: row.request_id,
            read: () => ({
              id: row.id,
              request: row.request_id,
              ...{ version: row.version, kind: row.kind, side: row.side, by: row.actor, words: row.words },
              ...{ atMs: row.at_ms, boot: row.boot, reason: row.reason, seq },
              want: v.parse(RequestWant, JSON.parse(want)),
              speaker: { hub, user, server, groups: v.parse(Groups, JSON.parse(groups)) }
            })
          }
        ]
  );
}

/** It is in the log. */
export async function markLogged({ write }: IDatabase, id: number): Promise<void> {
  await write.updateTable('request_act').set({ logged: 1 }).where('id', '=', id).execute();
}
