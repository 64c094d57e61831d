import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { OwnActs } from './own-acts.js';

/** Appends acts now where the database takes it; else the next flush does: what was put down is durable. */
export function lateActs(own: Pick<OwnActs, 'flush'>, log: Pick<Logger, 'error'>): Pick<OwnActs, 'flush'> {
  return {
    flush: () =>
      own
        .flush()
        .catch((error: unknown) =>
          log.error({ reason: reasonOf(error) }, 'Acts could not be appended to the log yet.')
        )
  };
}
