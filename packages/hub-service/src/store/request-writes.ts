import {
  canonicalJson,
  newStanding,
  subjectOf,
  type IRequestStanding,
  type RequestDeed
} from '@labkeeper/core';
import type { RequestSubmit } from '@labkeeper/protocol';
import { sql, type Selectable, type Transaction } from 'kysely';
import type { IRequestActTable, IRequestTable } from './request-tables.js';
import type { IRequestActor } from './requests.js';
import { newServiceStream } from './service-stream.js';
import type { ITables } from './tables.js';

/** Whether the log is told of it. */
const IN_LOG: Readonly<Record<IRequestActTable['kind'], boolean>> = {
  submit: true,
  say: true,
  approve: true,
  deny: true,
  withdraw: true,
  lapse: true,
  expire: true,
  revoke: true,
  // The service does them by itself, by what was decided.
  activate: false,
  supersede: false
};

/** A change of requests: it is one of a count, and happens at a moment. */
export interface IRequestChange {
  readonly db: Transaction<ITables>;
  readonly change: number;
  /** Epoch ms. */
  readonly nowMs: number;
}

/** Whose a new request is, by the numbers of her rows. */
export interface IRequestOwner {
  readonly personId: number;
  readonly serverId: number;
  readonly groupSetId: number;
  readonly user: string;
}

/** Writes a new request down, with its first act. */
export async function writeRequest(
  { db, change, nowMs }: IRequestChange,
  { personId, serverId, groupSetId, user }: IRequestOwner,
  { id, want, reason, evidence }: RequestSubmit
): Promise<void> {
  const { state, version, lapsesAtMs } = newStanding(want.kind, nowMs);
  await db
    .insertInto('request')
    .values({
      ...{ id, person_id: personId, server_id: serverId, group_set_id: groupSetId },
      origin: 'container',
      ...{ kind: want.kind, state, version, change, reason },
      subject: subjectOf(want),
      want: canonicalJson(want),
      evidence: JSON.stringify(evidence),
      ...{ created_at_ms: nowMs, changed_at_ms: nowMs, lapses_at_ms: lapsesAtMs, until_ms: null },
      ...{ decided_at_ms: null, decided_by: null, decision_reason: null },
      ...{ messages: 0, last_from: null, boot: newServiceStream() }
    })
    .execute();
  await writeAct({ db, change, nowMs }, id, version, 'submit', {
    side: 'asker',
    by: user,
    words: null,
    messageId: null
  });
}

/** Writes down what was done with a request, and how it stands after. */
export async function writeDeed(
  { db, change, nowMs }: IRequestChange,
  row: Selectable<IRequestTable>,
  next: IRequestStanding,
  deed: RequestDeed,
  actor: IRequestActor
): Promise<void> {
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
  await writeAct({ db, change, nowMs }, row.id, next.version, deed.kind, actor);
}

async function writeAct(
  { db, nowMs }: IRequestChange,
  request: string,
  version: number,
  kind: IRequestActTable['kind'],
  { side, by, words, messageId }: IRequestActor
): Promise<void> {
  const isInLog = IN_LOG[kind];
  await db
    .insertInto('request_act')
    .values(eb => ({
      request_id: request,
      ...{ version, kind, side, words },
      at_ms: nowMs,
      actor: by,
      message_id: messageId,
      log_seq: isInLog
        ? eb
            .selectFrom('request_act')
            .select(sql<number>`coalesce(max(log_seq), 0) + 1`.as('next'))
            .where('request_id', '=', request)
        : null,
      logged: !isInLog ? 1 : kind === 'say' ? 2 : 0
    }))
    .execute();
}
