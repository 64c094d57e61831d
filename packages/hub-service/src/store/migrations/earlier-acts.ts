import { randomUUID } from 'node:crypto';
import { canonicalJson } from '@labkeeper/core';
import type { Act } from '@labkeeper/protocol';
import { sql, type Kysely } from 'kysely';
import type { DatabaseKind } from '../database.js';
import { personOf } from '../known-person.js';
import type { ITables } from '../tables.js';

const SENTENCE = 'Acts stay as they are.';
/** Who stands at the acts of this program, which is no person. */
const PROGRAM = 'labkeeper restore';

/**
 * Puts down the acts from before they were records of the log, in their order: the first flush appends them. From then on
 * the table is only added to: its n-th row is record n of a stream, so that one row less would hide the next act.
 */
export async function earlierActs(kind: DatabaseKind, db: Kysely<ITables>): Promise<void> {
  if (kind === 'postgres') {
    // A replica of the older version may be at one.
    await sql`lock table legal_act in share row exclusive mode`.execute(db);
  }
  const acts = await db
    .selectFrom('legal_act as a')
    .leftJoin('person', 'person.id', 'a.person_id')
    .select(['a.id', 'a.at_ms', 'a.kind', 'a.hub', 'a.reader', 'a.person_id', 'a.case_name', 'a.lifts'])
    .select('person.uuid as subject')
    .orderBy('a.id')
    .execute();
  for (const { id, at_ms, kind: action, hub, reader, person_id, case_name, lifts, subject } of acts) {
    const act: Act = {
      ...{ action, hub, lifts, subject },
      atMs: at_ms,
      number: id,
      actor: reader === PROGRAM ? null : (await personOf(db, hub, reader)).uuid,
      case: case_name,
      parts: []
    };
    await db
      .insertInto('own_record')
      .values({ subject_id: person_id, action, event_id: randomUUID(), act: canonicalJson(act) })
      .execute();
  }
  await onlyAddedTo(kind, db);
}

async function onlyAddedTo(kind: DatabaseKind, db: Kysely<ITables>): Promise<void> {
  if (kind === 'postgres') {
    // The function came with `legal_act`.
    await sql`create trigger own_record_stays before update or delete or truncate on own_record
      for each statement execute function legal_act_stays()`.execute(db);
    return;
  }
  for (const what of ['update', 'delete']) {
    await sql
      .raw(
        `create trigger own_record_${what} before ${what} on own_record begin select raise(abort, '${SENTENCE}'); end`
      )
      .execute(db);
  }
}
