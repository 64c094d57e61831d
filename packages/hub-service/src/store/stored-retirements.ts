import { setTimeout } from 'node:timers/promises';
import { canonicalJson } from '@labkeeper/core';
import type { Kysely } from 'kysely';
import { actOf } from './act-entry.js';
import { OWN_USER } from './own-acts.js';
import type { ITables } from './tables.js';

/** An act of retention as it stands in the log. */
export interface IStoredRetirement {
  readonly index: number;
  /** The exact record. */
  readonly record: string;
}

/** Acts that are read at a time. */
const AT_A_TIME = 200;
/** How often, and how long after each other, it is looked whether an act that was just put down is in the log, in ms. */
const LOOKS = { times: 50, everyMs: 100 } as const;

/**
 * The acts that deleted records of [firstIndex, endIndex), in the order of the log.
 *
 * @param log - which log it is.
 * @throws where one that is put down does not come into the log.
 */
export async function* storedRetirements(
  db: Kysely<ITables>,
  log: string,
  firstIndex: number,
  endIndex: number
): AsyncGenerator<IStoredRetirement> {
  await appended(db, log, firstIndex, endIndex);
  const stream = (await ownStream(db, log))?.id;
  for (let after = 0; stream !== undefined;) {
    // The n-th act that was put down for the stream is record n of it.
    const rows = await db
      .with('own', own =>
        own
          .selectFrom('own_record')
          .select('id')
          .where('stream_hub', 'is', null)
          .select(({ fn }) =>
            fn
              .agg<number>('row_number')
              .over(over => over.orderBy('id'))
              .as('seq')
          )
      )
      .selectFrom('own')
      .innerJoin('record', join =>
        join.on('record.stream_id', '=', stream).onRef('record.seq', '=', 'own.seq')
      )
      .innerJoin('record_body', join =>
        join
          .onRef('record_body.idx', '=', 'record.idx')
          .onRef('record_body.received_at_ms', '=', 'record.received_at_ms')
      )
      .select(['own.id', 'record.idx', 'record_body.entry'])
      .where('own.id', '>', after)
      .where('own.id', 'in', eb =>
        eb
          .selectFrom('retired')
          .select('retired.own_id')
          .where('retired.first_idx', '<', endIndex)
          .where('retired.end_idx', '>', firstIndex)
      )
      .orderBy('own.id')
      .limit(AT_A_TIME)
      .execute();
    for (const { idx, entry } of rows) {
      const record = actOf(entry);
      if (record) {
        yield { index: idx, record: canonicalJson(record) };
      }
    }
    const last = rows.at(-1);
    if (!last) {
      return;
    }
    after = last.id;
  }
}

/**
 * The stream of the service's own acts, which is called as the log is. Each hub has one, and retention, which is the
 * service's own, is in that of the first: its acts are those without a `stream_hub`.
 *
 * @returns undefined = nothing of it is in the log yet.
 */
function ownStream(
  db: Kysely<ITables>,
  log: string
): Promise<{ readonly id: number; readonly seq: number } | undefined> {
  return db
    .selectFrom('stream')
    .innerJoin('server', 'server.id', 'stream.server_id')
    .innerJoin('person', 'person.id', 'server.person_id')
    .innerJoin('hub', 'hub.id', 'person.hub_id')
    .select(['stream.id', 'stream.seq'])
    .where('stream.boot', '=', log)
    .where('person.name', '=', OWN_USER)
    .where('hub.name', 'not in', eb => eb.selectFrom('further_hub').select('further_hub.name'))
    .executeTakeFirst();
}

/** The act is put down in the transaction that deletes, and appended behind it. @throws where it does not come. */
async function appended(
  db: Kysely<ITables>,
  log: string,
  firstIndex: number,
  endIndex: number
): Promise<void> {
  for (let look = 0; look < LOOKS.times; look += 1) {
    const { put } = await db
      .selectFrom('own_record')
      .select(({ fn }) => fn.countAll<number>().as('put'))
      .where('stream_hub', 'is', null)
      .where('id', '<=', eb =>
        eb
          .selectFrom('retired')
          .select(({ fn }) => fn.max<number>('retired.own_id').as('newest'))
          .where('retired.first_idx', '<', endIndex)
          .where('retired.end_idx', '>', firstIndex)
      )
      .executeTakeFirstOrThrow();
    if (put <= ((await ownStream(db, log))?.seq ?? 0)) {
      return;
    }
    await setTimeout(LOOKS.everyMs);
  }
  throw new Error('An act of retention is not in the log yet: start the service, and try again.');
}
