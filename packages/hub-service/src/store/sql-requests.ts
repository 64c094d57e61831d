import { randomUUID } from 'node:crypto';
import {
  afterDeed,
  canonicalJson,
  newStanding,
  subjectOf,
  type IRequestStanding,
  type RequestDeed
} from '@labkeeper/core';
import { THREAD_MESSAGES, type RequestSubmit } from '@labkeeper/protocol';
import { sql, type Selectable, type Transaction } from 'kysely';
import type { IDatabase } from './database.js';
import { learnSpeaker } from './learn-speakers.js';
import type { ISpeaker } from './log-writer.js';
import { inbox, ownRequests } from './request-inbox.js';
import { readWhole } from './request-rows.js';
import type { IRequestActTable, IRequestTable } from './request-tables.js';
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

/** Open requests of one person, at most. */
export const OPEN_EACH = 20;
/** Requests that one person makes in a day, at most; those that she took back count. */
export const REQUESTS_A_DAY = 50;
const DAY_MS = 86_400_000;
/** Requests whose time has come that are written down at a time. */
const OVERDUE_AT_ONCE = 100;
/** What the log is told of; messages are between two people. */
const IN_LOG: readonly IRequestActTable['kind'][] = [
  'submit',
  'approve',
  'deny',
  'withdraw',
  'lapse',
  'expire',
  'revoke'
];

/** Requests in SQLite or PostgreSQL. */
export class SqlRequests implements IRequests {
  /** @param nowMs - epoch ms. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number
  ) {}

  async submit(speaker: ISpeaker, asked: RequestSubmit): Promise<Submitted> {
    return this.alone(async (db, change) => {
      const { personId, serverId, groupSetId } = await learnSpeaker(db, speaker, this.nowMs());
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
      if ((await openOf(db, personId)) >= OPEN_EACH) {
        return { kind: 'too-many' };
      }
      const nowMs = this.nowMs();
      if ((await madeSince(db, personId, nowMs - DAY_MS)) >= REQUESTS_A_DAY) {
        return { kind: 'too-many-today' };
      }
      const { kind } = asked.want;
      const { state, version, lapsesAtMs } = newStanding(kind, nowMs);
      await db
        .insertInto('request')
        .values({
          id: asked.id,
          person_id: personId,
          server_id: serverId,
          group_set_id: groupSetId,
          origin: 'container',
          ...{ kind, state, version, change },
          subject: subjectOf(asked.want),
          want: canonicalJson(asked.want),
          reason: asked.reason,
          evidence: JSON.stringify(asked.evidence),
          created_at_ms: nowMs,
          changed_at_ms: nowMs,
          lapses_at_ms: lapsesAtMs,
          until_ms: null,
          decided_at_ms: null,
          decided_by: null,
          decision_reason: null,
          messages: 0,
          last_from: null,
          boot: randomUUID()
        })
        .execute();
      await this.keepAct(db, asked.id, version, 'submit', {
        side: 'asker',
        by: speaker.user,
        words: null,
        messageId: null
      });
      return { kind: 'made', request: await whole(db, asked.id) };
    });
  }

  async act(id: string, seen: number | null, deed: RequestDeed, actor: IRequestActor): Promise<Done> {
    return this.alone(async (db, change) => {
      const row = await db.selectFrom('request').selectAll().where('id', '=', id).executeTakeFirst();
      if (!row) {
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
      const next = afterDeed(standing, seen ?? standing.version, deed, this.nowMs());
      if (next === null) {
        return { kind: 'changed', request: await whole(db, id) };
      }
      await this.move(db, row, next, change, deed, actor);
      return { kind: 'done', request: await whole(db, id) };
    });
  }

  find(id: string): Promise<IRequestWhole | null> {
    return readWhole(this.database.read, id);
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
  private alone<Result>(act: (db: Transaction<ITables>, change: number) => Promise<Result>): Promise<Result> {
    return this.database.write.transaction().execute(async db => {
      const { change } = await db
        .updateTable('request_clock')
        .set(eb => ({ change: eb('change', '+', 1) }))
        .returning('change')
        .executeTakeFirstOrThrow();
      return act(db, change);
    });
  }

  private async move(
    db: Transaction<ITables>,
    row: Selectable<IRequestTable>,
    next: IRequestStanding,
    change: number,
    deed: RequestDeed,
    actor: IRequestActor
  ): Promise<void> {
    const nowMs = this.nowMs();
    const isDecision = deed.kind === 'approve' || deed.kind === 'deny';
    const { numUpdatedRows } = await db
      .updateTable('request')
      .set({
        ...{ state: next.state, version: next.version, change, changed_at_ms: nowMs },
        lapses_at_ms: next.lapsesAtMs,
        until_ms: next.untilMs,
        ...(isDecision && { decided_at_ms: nowMs, decided_by: actor.by, decision_reason: actor.words }),
        ...(deed.kind === 'say' &&
          actor.side !== 'service' && { messages: row.messages + 1, last_from: actor.side })
      })
      .where('id', '=', row.id)
      // They come one after the other, so it is always so; if ever it were not, nobody decides for another.
      .where('version', '=', row.version)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows !== 1n) {
      throw new Error('A request was changed by two at once.');
    }
    await this.keepAct(db, row.id, next.version, deed.kind, actor);
  }

  private async keepAct(
    db: Transaction<ITables>,
    request: string,
    version: number,
    kind: IRequestActTable['kind'],
    { side, by, words, messageId }: IRequestActor
  ): Promise<void> {
    const isInLog = IN_LOG.includes(kind);
    await db
      .insertInto('request_act')
      .values(eb => ({
        request_id: request,
        ...{ version, kind, side, words },
        at_ms: this.nowMs(),
        actor: by,
        message_id: messageId,
        log_seq: isInLog
          ? eb
              .selectFrom('request_act')
              .select(sql<number>`coalesce(max(log_seq), 0) + 1`.as('next'))
              .where('request_id', '=', request)
          : null,
        logged: isInLog ? 0 : 1
      }))
      .execute();
  }
}

function standingOf(row: Selectable<IRequestTable>): IRequestStanding {
  const { kind, state, version, lapses_at_ms: lapsesAtMs, until_ms: untilMs } = row;
  return { kind, state, version, lapsesAtMs, untilMs };
}

async function openOf(db: Transaction<ITables>, person: number): Promise<number> {
  const { count } = await db
    .selectFrom('request')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('person_id', '=', person)
    .where('state', '=', 'requested')
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function madeSince(db: Transaction<ITables>, person: number, sinceMs: number): Promise<number> {
  const { count } = await db
    .selectFrom('request')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('person_id', '=', person)
    .where('created_at_ms', '>', sinceMs)
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function whole(db: Transaction<ITables>, id: string): Promise<IRequestWhole> {
  const found = await readWhole(db, id);
  if (found === null) {
    throw new Error('A request that was just written is not there.');
  }
  return found;
}
