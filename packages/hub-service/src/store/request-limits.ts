import type { Transaction } from 'kysely';
import type { ITables } from './tables.js';

/** Open requests of one person, at most. */
export const OPEN_EACH = 20;
/** Requests that one person makes in a day, at most; those that she took back count. */
export const REQUESTS_A_DAY = 50;
const DAY_MS = 86_400_000;

/** Which limit keeps a person from one more request; null = none. @param nowMs - epoch ms. */
export async function limitReached(
  db: Transaction<ITables>,
  person: number,
  nowMs: number
): Promise<'too-many' | 'too-many-today' | null> {
  const hers = db
    .selectFrom('request')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('person_id', '=', person);
  const open = await hers.where('state', '=', 'requested').executeTakeFirstOrThrow();
  if (Number(open.count) >= OPEN_EACH) {
    return 'too-many';
  }
  const made = await hers.where('created_at_ms', '>', nowMs - DAY_MS).executeTakeFirstOrThrow();
  return Number(made.count) >= REQUESTS_A_DAY ? 'too-many-today' : null;
}
