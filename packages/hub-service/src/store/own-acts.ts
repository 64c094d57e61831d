import { randomUUID } from 'node:crypto';
import { actText, canonicalJson, NO_HASH } from '@labkeeper/core';
import { ACT_SCHEMA, Act, type ActRecord, parseShape } from '@labkeeper/protocol';
import type { Transaction } from 'kysely';
import type { IKeys } from '../keys/keys.js';
import { sha256Hex } from '../sha256.js';
import { actOf } from './act-entry.js';
import type { IDatabase } from './database.js';
import type { IIncomingRecord, ILogWriter, ISpeaker } from './log-writer.js';
import { linesAt } from './record-lines.js';
import type { ITables } from './tables.js';
import { streamColumns } from './stream-columns.js';

/** JupyterHub lets no user's name have a slash, so that this is nobody's. */
export const OWN_USER = 'labkeeper/service';
/** Records that are appended at a time. */
const AT_A_TIME = 100;

export interface IOwnActsOptions {
  readonly database: IDatabase;
  readonly writer: ILogWriter;
  readonly keys: IKeys;
  /** The first hub: at it is the service's own stream, and at each further one another. */
  readonly hubId: string;
}

/**
 * Puts an act down to be appended, in the transaction that does it. Whoever calls holds the lock of acts (`aloneWithActs`),
 * so that numbers are in the order of the commits.
 *
 * @throws where it could not be read again: an act that cannot be appended would keep back all after it.
 */
export async function noteAct(
  db: Transaction<ITables>,
  act: Act,
  subjectId: number | null
): Promise<{ readonly eventId: string; readonly id: number }> {
  const eventId = randomUUID();
  const text = canonicalJson(act);
  if (parseShape(Act, text) === null) {
    throw new Error('This act cannot be put down: a part of it is longer than acts have room for.');
  }
  const { id } = await db
    .insertInto('own_record')
    .values(eb => ({
      subject_id: subjectId,
      action: act.action,
      event_id: eventId,
      act: text,
      // Acts at one hub are none of another's people's business.
      stream_hub: eb.selectFrom('further_hub').select('name').where('name', '=', act.hub)
    }))
    .returning('id')
    .executeTakeFirstOrThrow();
  return { eventId, id };
}

/** Acts come one after the other, also those of other replicas. */
export function aloneWithActs<Result>(
  database: IDatabase,
  act: (db: Transaction<ITables>) => Promise<Result>
): Promise<Result> {
  return database.write.transaction().execute(async db => {
    if (database.kind === 'postgres') {
      await db.selectFrom('log').select('one').forUpdate().execute();
    }
    return act(db);
  });
}

/**
 * The service's own streams in the log, one at each hub. The n-th record is the n-th act that was put down there: so after a
 * crash, and with several replicas, each is appended once.
 */
export class OwnActs {
  constructor(private readonly options: IOwnActsOptions) {}

  /** Appends what is put down and not yet in the log. Durable when it resolves. */
  flush(): Promise<void> {
    const next = this.flushing.then(() => this.append());
    // A failure is for who asked; the next flush begins anew.
    this.flushing = next.catch(() => undefined);
    return next;
  }

  /** Where the act stands in the log; null = not yet. */
  async find(eventId: string): Promise<{ readonly index: number; readonly record: ActRecord } | null> {
    const { read } = this.options.database;
    const own = await read
      .selectFrom('own_record')
      .select(['id', 'stream_hub'])
      .where('event_id', '=', eventId)
      .executeTakeFirst();
    if (!own) {
      return null;
    }
    const { count } = await read
      .selectFrom('own_record')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('id', '<=', own.id)
      .where('stream_hub', 'is not distinct from', own.stream_hub)
      .executeTakeFirstOrThrow();
    const { boot, speaker } = await this.stream(own.stream_hub);
    const found = await read
      .selectFrom('record')
      .innerJoin('stream', 'stream.id', 'record.stream_id')
      .innerJoin('person', 'person.id', 'record.person_id')
      .innerJoin('hub', 'hub.id', 'person.hub_id')
      .select(['record.idx as index', 'record.received_at_ms as receivedAtMs'])
      .where('stream.boot', '=', boot)
      .where('person.name', '=', speaker.user)
      .where('hub.name', '=', speaker.hub)
      .where('record.seq', '=', Number(count))
      .executeTakeFirst();
    const entry = found && (await linesAt(read, [found])).get(found.index);
    const record = entry === undefined ? null : actOf(entry);
    return found && record ? { index: found.index, record } : null;
  }

  private async append(): Promise<void> {
    const further = await this.options.database.write.selectFrom('further_hub').select('name').execute();
    for (const hub of [null, ...further.map(({ name }) => name)]) {
      await this.appendTo(hub);
    }
  }

  /** @param hub - a further one; null = the first. */
  private async appendTo(hub: string | null): Promise<void> {
    const { database, writer } = this.options;
    const { boot, speaker } = await this.stream(hub);
    for (;;) {
      const head = await writer.head(speaker, boot);
      const rows = await database.write
        .selectFrom('own_record')
        .select(['event_id', 'act'])
        .where('stream_hub', 'is not distinct from', hub)
        .orderBy('id')
        .offset(head.seq)
        .limit(AT_A_TIME)
        .execute();
      if (rows.length === 0) {
        return;
      }
      let { seq, hash } = head;
      const records = rows.map(row => {
        seq += 1;
        const record = this.record(row, boot, seq, hash);
        hash = sha256Hex(record.line ?? '');
        return record;
      });
      // Where another replica was first it is a conflict, and the head has moved.
      await writer.append([
        { speaker, boot, first: head.seq + 1, prev: head.hash || NO_HASH, head: hash, records }
      ]);
    }
  }

  private record(
    row: { readonly event_id: string; readonly act: string },
    boot: string,
    seq: number,
    prev: string
  ): IIncomingRecord {
    const { keys } = this.options;
    const act = parseShape(Act, row.act);
    if (act === null) {
      throw new Error('An act that was put down cannot be read.');
    }
    const record: ActRecord = {
      schema: ACT_SCHEMA,
      eventId: row.event_id,
      ...{ boot, seq, prev, act },
      action: act.action,
      key: keys.signingKeyId,
      signature: keys.sign(actText(act))
    };
    return {
      ...{ seq, opaque: null, personal: null },
      line: canonicalJson(record),
      columns: streamColumns(act.action, act.atMs)
    };
  }

  /** What its streams are called: as the log is, which keeps its name. Nobody else writes to one that is called so. */
  async boot(): Promise<string> {
    this.logId ??= (
      await this.options.database.read.selectFrom('log').select('id').executeTakeFirstOrThrow()
    ).id;
    return this.logId;
  }

  private async stream(hub: string | null): Promise<{ readonly boot: string; readonly speaker: ISpeaker }> {
    const { hubId } = this.options;
    return {
      boot: await this.boot(),
      speaker: { hub: hub ?? hubId, user: OWN_USER, server: '', groups: [] }
    };
  }

  private logId: string | null = null;
  private flushing: Promise<void> = Promise.resolve();
}
