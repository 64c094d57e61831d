import type { ReclaimKind } from '@labkeeper/protocol';

/** What is compared of two notices. */
export interface IEventMark {
  readonly kind: ReclaimKind;
  /** When it ends; for one that may end any moment, when that was said last. */
  readonly endMs: number;
}

/** Two notices whose ends are no further apart than this speak of one event. */
const TOGETHER_MS = 5 * 60_000;

/**
 * Whether two channels speak of the same event: the cloud, a node watcher's file and the preStop hook all announce one
 * reclaim, each with a deadline of its own.
 *
 * A machine is reclaimed, a server culled, a job over only once, so two of these kinds are one event, whatever the
 * deadlines. Maintenance may come twice, a freeze today and a reboot on Friday: there the ends decide. A stop (SIGTERM,
 * a preStop hook) says that it ends and not why: it belongs to the notice that gives a reason for an end about then.
 * A trial is no event at all and belongs to nothing.
 */
export function isSameEvent(a: IEventMark, b: IEventMark): boolean {
  const together = Math.abs(a.endMs - b.endMs) <= TOGETHER_MS;
  if (a.kind === b.kind) {
    return a.kind !== 'maintenance' || together;
  }
  return (a.kind === 'stop' || b.kind === 'stop') && a.kind !== 'trial' && b.kind !== 'trial' && together;
}
