import { afterDeed, type IRequestStanding, type RequestDeed } from '@labkeeper/core';
import { THREAD_MESSAGES, type RequestSubmit } from '@labkeeper/protocol';
import type { Selectable, Transaction } from 'kysely';
import type { IDatabase } from './database.js';
import { learnSpeaker } from './learn-speakers.js';
import type { ISpeaker } from './log-writer.js';
import { nextChange } from './request-clock.js';
import { inbox, ownRequests } from './request-inbox.js';
import { limitReached } from './request-limits.js';
import { readInLog, readWhole } from './request-rows.js';
import type { IRequestTable } from './request-tables.js';
import { writeDeed, writeRequest, type IRequestChange } from './request-writes.js';
import type {
  Done,
  IRequestActor,
  IRequestFilter,
  IRequestPlace,
  IRequestRow,
  IRequests,
  IRequestWhole,
  Submitted
} from './requests.js';
import type { ITables } from './tables.js';

/** Requests whose time has come that are written down at a time. */
const OVERDUE_AT_ONCE = 100;

/** Requests in SQLite or PostgreSQL. */
export class SqlRequests implements IRequests {
  /** @param nowMs - epoch ms. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number
  ) {}

  async submit(speaker: ISpeaker, asked: RequestSubmit): Promise<Submitted> {
    return this.alone(async change => {
      const { db, nowMs } = change;
      const { personId, serverId, groupSetId } = await learnSpeaker(db, speaker, nowMs);
      const before = await db
        .selectFrom('request')
        .select('person_id')
        .where('id', '=', asked.id)
        .executeTakeFirst();
      if (before) {
        return before.person_id === personId
          ? { kind: 'made', request: await whole(db, asked.id) }
          : { kind: 'taken' };
      }
      const limit = await limitReached(db, personId, nowMs);
      if (limit !== null) {
        return { kind: limit };
      }
      await writeRequest(change, { personId, serverId, groupSetId, user: speaker.user }, asked);
      return { kind: 'made', request: await whole(db, asked.id) };
    });
  }

  async act(id: string, seen: number | null, deed: RequestDeed, actor: IRequestActor): Promise<Done> {
    return this.alone(async change => {
      const { db, nowMs } = change;
      const row = await db
        .selectFrom('request')
        .innerJoin('person', 'person.id', 'request.person_id')
        .selectAll('request')
        .select('person.name as user')
        .where('request.id', '=', id)
        .executeTakeFirst();
      // With who was erased nobody speaks, and nothing is written down about her; time passes all the same.
      if (!row || (row.user === null && actor.side !== 'service')) {
        return { kind: 'unknown' };
      }
      if (actor.messageId !== null) {
        const said = await db
          .selectFrom('request_act')
          .select('request_id')
          .where('message_id', '=', actor.messageId)
          .executeTakeFirst();
        if (said) {
          return { kind: said.request_id === id ? 'done' : 'changed', request: await whole(db, id) };
        }
        if (row.messages >= THREAD_MESSAGES) {
          return { kind: 'full' };
        }
      }
      const standing = standingOf(row);
      const next = afterDeed(standing, seen ?? standing.version, deed, nowMs);
      if (next === null) {
        return { kind: 'changed', request: await whole(db, id) };
      }
      await writeDeed(change, row, next, deed, actor);
      return { kind: 'done', request: await whole(db, id) };
    });
  }

  find(id: string): Promise<IRequestWhole | null> {
    return readInLog(this.database.read, id);
  }

  own(
    of: Pick<ISpeaker, 'hub' | 'user'>,
    before: IRequestPlace | null,
    limit: number
  ): Promise<readonly IRequestRow[]> {
    return ownRequests(this.database.read, of, before, limit);
  }

  list(filter: IRequestFilter, after: IRequestPlace | null, limit: number): Promise<readonly IRequestRow[]> {
    return inbox(this.database.read, filter, after, limit);
  }

  async lapse(): Promise<number> {
    const nowMs = this.nowMs();
    const due = await this.database.read
      .selectFrom('request')
      .select(['id', 'version', 'state'])
      .where(eb =>
        eb.or([
          eb.and([eb('state', '=', 'requested'), eb('lapses_at_ms', '<=', nowMs)]),
          eb.and([eb('state', '=', 'active'), eb('until_ms', '<=', nowMs)])
        ])
      )
      .limit(OVERDUE_AT_ONCE)
      .execute();
    let done = 0;
    for (const { id, version, state } of due) {
      const kind = state === 'active' ? 'expire' : 'lapse';
      const nobody = { side: 'service', by: '', words: null, messageId: null } as const;
      // Another replica may be first, or somebody who does something in its last second.
      const { kind: result } = await this.act(id, version, { kind }, nobody);
      done += result === 'done' ? 1 : 0;
    }
    return done;
  }

  changedAfter(
    change: number
  ): Promise<readonly { readonly hub: string; readonly user: string; readonly change: number }[]> {
    return this.database.read
      .selectFrom('request')
      .innerJoin('person', 'person.id', 'request.person_id')
      .innerJoin('hub', 'hub.id', 'person.hub_id')
      .where('request.change', '>', change)
      .where('person.name', 'is not', null)
      .select(eb => [
        'hub.name as hub',
        eb.ref('person.name').$notNull().as('user'),
        eb.fn.max('request.change').as('change')
      ])
      .groupBy(['hub.name', 'person.name'])
      .execute();
  }

  /** Changes come one after the other, also those of other replicas: so nobody misses one in the count of changes. */
  private alone<Result>(act: (change: IRequestChange) => Promise<Result>): Promise<Result> {
    return this.database.write.transaction().execute(async db => {
      const change = await nextChange(db);
      // After others were waited for.
      return act({ db, change, nowMs: this.nowMs() });
    });
  }
}

function standingOf(row: Selectable<IRequestTable>): IRequestStanding {
  const { kind, state, version, lapses_at_ms: lapsesAtMs, until_ms: untilMs } = row;
  return { kind, state, version, lapsesAtMs, untilMs };
}

async function whole(db: Transaction<ITables>, id: string): Promise<IRequestWhole> {
  const found = await readWhole(db, id);
  if (found === null) {
    throw new Error('A request that was just written is not there.');
  }
  return found;
}
