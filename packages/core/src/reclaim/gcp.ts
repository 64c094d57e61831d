import type { IMetadataText } from './metadata-text.js';
import { nonsense, notice, NOTHING, quoted, type Heard } from './statement.js';

const SOURCE = 'Google Cloud';

/**
 * Time from the word that a machine is preempted to its end: the soft-off signal comes at once and 30 s later the
 * power goes (Google: preemption process). Machines may be made with an earlier notice, up to 120 s before the signal;
 * none says so here, and the earliest end is the one to be ready for.
 */
const PREEMPTED_MS = 30_000;

/** Time from the word that a machine is moved to the move (Google: getting-live-migration-notice). */
const MIGRATE_MS = 60_000;

/**
 * `instance/preempted`: `FALSE` or `TRUE`.
 *
 * @param sinceMs - when this value was first seen, wall clock: Google gives no deadline, so it counts from here.
 */
export function parsePreempted({ status, text }: IMetadataText, sinceMs: number): Heard {
  const value = status === 200 ? text.trim() : null;
  if (value === 'FALSE') {
    return NOTHING;
  }
  return value === 'TRUE'
    ? notice({ key: 'preempted', kind: 'reclaim', deadlineMs: sinceMs + PREEMPTED_MS, source: SOURCE })
    : nonsense(`instance/preempted answered ${status} with ${quoted(text)}`);
}

/**
 * `instance/maintenance-event`: `NONE`, or that the machine will be moved or stopped. A move keeps its memory and
 * freezes it for a moment; a stop comes 60 s later or, with a GPU, an hour later, and nobody says which: any moment.
 */
export function parseMaintenanceEvent({ status, text }: IMetadataText, sinceMs: number): Heard {
  const value = status === 200 ? text.trim() : null;
  switch (value) {
    case 'NONE':
      return NOTHING;
    case 'MIGRATE_ON_HOST_MAINTENANCE':
      return notice({
        key: value,
        kind: 'maintenance',
        deadlineMs: sinceMs + MIGRATE_MS,
        source: SOURCE,
        memoryKept: true
      });
    case 'TERMINATE_ON_HOST_MAINTENANCE':
    // The name that older machines give it.
    case 'SHUTDOWN_ON_HOST_MAINTENANCE':
      return notice({ key: value, kind: 'maintenance', deadlineMs: null, source: SOURCE });
    default:
      return nonsense(`instance/maintenance-event answered ${status} with ${quoted(text)}`);
  }
}
