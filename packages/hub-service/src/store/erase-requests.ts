import { canonicalJson } from '@labkeeper/core';
import type { Transaction } from 'kysely';
import { nextChange } from './request-clock.js';
import type { ITables } from './tables.js';

/** Deletes what a person wrote and was answered in her requests, and her name there; that she asked, and what was decided, stays. */
export async function eraseRequests(db: Transaction<ITables>, person: number): Promise<void> {
  // Whoever is saying something at this moment has said it before, or finds her erased: it is not left behind.
  await nextChange(db);
  const hers = db.selectFrom('request').select('id').where('person_id', '=', person);
  await db.updateTable('request_act').set({ words: null }).where('request_id', 'in', hers).execute();
  await db
    .updateTable('request_act')
    .set({ actor: '' })
    .where('request_id', 'in', hers)
    .where('side', '=', 'asker')
    .execute();
  await db
    .updateTable('request')
    .set({ reason: '', evidence: '[]' })
    .where('person_id', '=', person)
    .execute();
  await db
    .updateTable('request')
    .set({ decision_reason: '' })
    .where('person_id', '=', person)
    .where('decision_reason', 'is not', null)
    .execute();
  await db
    .updateTable('request')
    .set({ want: canonicalJson({ kind: 'help', title: '(erased)' }) })
    .where('person_id', '=', person)
    .where('kind', '=', 'help')
    .execute();
  await db.updateTable('verdict_feedback').set({ note: null }).where('person_id', '=', person).execute();
}

/**
 * Deletes what knows a person by her name: messages about her that went out or wait, the views that she saved, and her
 * sessions at the pages. What waits is not sent any more.
 */
export async function eraseByName(db: Transaction<ITables>, hub: string, name: string): Promise<void> {
  await db.deleteFrom('outgoing_message').where('hub', '=', hub).where('person', '=', name).execute();
  await db.deleteFrom('saved_view').where('hub', '=', hub).where('owner', '=', name).execute();
  // Also those that do not say whose they are: whoever is signed out without need signs in again.
  await db
    .deleteFrom('session')
    .where(eb =>
      eb.or([
        eb('person', 'is', null),
        eb.and([eb('person', '=', name), eb.or([eb('hub', '=', hub), eb('hub', 'is', null)])])
      ])
    )
    .execute();
}
