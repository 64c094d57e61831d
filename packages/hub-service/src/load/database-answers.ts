import { sql } from 'kysely';
import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import { sharedAnswer } from '../shared-answer.js';
import type { IDatabase } from '../store/database.js';

/** How long the database's word counts that it answers, in ms. */
const READY_MS = 1000;

/**
 * Whether the database answers. Anybody may ask, as often as she likes, and the log is written over the same connections.
 *
 * @param monotonicMs - milliseconds that only grow.
 */
export function databaseAnswers(
  { read }: IDatabase,
  log: Pick<Logger, 'warn'>,
  monotonicMs: () => number
): () => Promise<boolean> {
  const ask = async (): Promise<boolean> => {
    try {
      await sql`select 1`.execute(read);
      return true;
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'The database does not answer.');
      return false;
    }
  };
  return sharedAnswer(ask, READY_MS, monotonicMs);
}
