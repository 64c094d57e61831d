import type { Transaction } from 'kysely';
import type { ITables } from './tables.js';

/**
 * Counts a change of requests. Until the transaction ends nobody else changes one, in other replicas neither: so nobody
 * misses a change in the count of them.
 *
 * @returns its number.
 */
export async function nextChange(db: Transaction<ITables>): Promise<number> {
  const { change } = await db
    .updateTable('request_clock')
    .set(eb => ({ change: eb('change', '+', 1) }))
    .returning('change')
    .executeTakeFirstOrThrow();
  return change;
}
