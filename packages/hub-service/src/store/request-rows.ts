import { EvidenceSection, RequestWant, type ThreadMessage } from '@labkeeper/protocol';
import type { Kysely, Selectable } from 'kysely';
import * as v from 'valibot';
import type { IRequestAct, IRequestRow, IRequestWhole } from './requests.js';
import type { IRequestActTable, IRequestTable } from './request-tables.js';
import type { ITables } from './tables.js';

/** Decided requests about the same that are shown. */
const SIMILAR = 5;
const Groups = v.array(v.string());

/** Requests with the names of those who asked. */
export function requestRows(db: Kysely<ITables>) {
  return db
    .selectFrom('request')
    .innerJoin('person', 'person.id', 'request.person_id')
    .innerJoin('hub', 'hub.id', 'person.hub_id')
    .innerJoin('server', 'server.id', 'request.server_id')
    .innerJoin('group_set', 'group_set.id', 'request.group_set_id')
    .selectAll('request')
    .select(['hub.name as hub', 'person.name as user', 'server.name as server', 'group_set.names as groups']);
}

export type RequestRowQuery = ReturnType<typeof requestRows>;

interface IJoinedRow extends Selectable<IRequestTable> {
  readonly hub: string;
  readonly user: string | null;
  readonly server: string | null;
  readonly groups: string;
}

/** A row as everybody else knows it. */
export function readRow(row: IJoinedRow): IRequestRow {
  return {
    id: row.id,
    version: row.version,
    state: row.state,
    want: v.parse(RequestWant, JSON.parse(row.want)),
    reason: row.reason,
    server: row.server,
    createdAtMs: row.created_at_ms,
    changedAtMs: row.changed_at_ms,
    lapsesAtMs: row.lapses_at_ms,
    untilMs: row.until_ms,
    decision:
      row.decided_at_ms === null || row.decided_by === null
        ? null
        : { by: row.decided_by, atMs: row.decided_at_ms, reason: row.decision_reason ?? '' },
    messages: row.messages,
    lastFrom: row.last_from,
    hub: row.hub,
    user: row.user,
    groups: v.parse(Groups, JSON.parse(row.groups))
  };
}

/**
 * One request with its story, but not where its acts stand in the log: so it is read also where changes of requests wait.
 *
 * @returns null = there is none.
 */
export async function readWhole(db: Kysely<ITables>, id: string): Promise<IRequestWhole | null> {
  const row = await requestRows(db).where('request.id', '=', id).executeTakeFirst();
  if (!row) {
    return null;
  }
  const acts = await db
    .selectFrom('request_act')
    .selectAll()
    .where('request_id', '=', id)
    .orderBy('version')
    .execute();
  const similar =
    row.subject === null
      ? []
      : await requestRows(db)
          .where('request.subject', '=', row.subject)
          .where('hub.name', '=', row.hub)
          .where('request.id', '<>', id)
          .where('request.decided_at_ms', 'is not', null)
          .orderBy('request.created_at_ms', 'desc')
          .orderBy('request.id', 'desc')
          .limit(SIMILAR)
          .execute();
  return {
    ...readRow(row),
    evidence: v.parse(v.array(EvidenceSection), JSON.parse(row.evidence)),
    thread: acts.flatMap(messageOf),
    acts: acts.map(actOf),
    similar: similar.map(readRow)
  };
}

/** The same, with where its acts stand in the log. */
export async function readInLog(db: Kysely<ITables>, id: string): Promise<IRequestWhole | null> {
  const whole = await readWhole(db, id);
  if (whole === null) {
    return null;
  }
  const indexes = await indexesOf(db, id);
  return {
    ...whole,
    acts: whole.acts.map(act => ({ ...act, index: indexes.get(act.version) ?? null }))
  };
}

/** Where the records of a request stand in the log, by the version that each act led to. */
async function indexesOf(db: Kysely<ITables>, id: string): Promise<ReadonlyMap<number, number>> {
  const rows = await db
    .selectFrom('request')
    .innerJoin('request_act', 'request_act.request_id', 'request.id')
    .innerJoin('stream', join =>
      join.onRef('stream.server_id', '=', 'request.server_id').onRef('stream.boot', '=', 'request.boot')
    )
    .innerJoin('record', join =>
      join.onRef('record.stream_id', '=', 'stream.id').onRef('record.seq', '=', 'request_act.log_seq')
    )
    .select(['request_act.version', 'record.idx'])
    .where('request.id', '=', id)
    // What else stands there, a container wrote.
    .where('record.grade', '=', 'hub')
    .execute();
  return new Map(rows.map(({ version, idx }) => [version, idx]));
}

function actOf({
  version,
  at_ms: atMs,
  kind,
  side,
  actor: by,
  words
}: Selectable<IRequestActTable>): IRequestAct {
  return { version, atMs, kind, side, by, words, index: null };
}

function messageOf({
  message_id: id,
  at_ms: atMs,
  side,
  actor: by,
  words
}: Selectable<IRequestActTable>): ThreadMessage[] {
  return id === null || words === null || side === 'service'
    ? []
    : [{ id, atMs, from: side, by, text: words }];
}
