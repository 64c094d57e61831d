import type { AuditGap, AuditRecord, PersonalPart } from '@labkeeper/protocol';

/** What happened, before it has a place in a stream. */
export interface IRecordEvent extends Omit<
  AuditRecord,
  'schema' | 'eventId' | 'boot' | 'seq' | 'prev' | 'personal'
> {
  /** null = nothing about it is personal. */
  readonly personal: PersonalPart | null;
}

/** Everything that a record may leave open. */
const OPEN: Omit<IRecordEvent, 'action' | 'occurredAtMs' | 'observedAtMs'> = {
  surface: 'unknown',
  tool: null,
  environment: null,
  package: null,
  decision: null,
  outcome: null,
  evidence: [],
  gap: null,
  personal: null
};

/** Something about the stream itself. @param atMs - wall clock. */
export function streamEvent(action: 'opened' | 'closed' | 'heartbeat', atMs: number): IRecordEvent {
  return { ...OPEN, action, occurredAtMs: epochMs(atMs), observedAtMs: epochMs(atMs) };
}

/** Something is missing from the stream. @param atMs - when that was found, wall clock. */
export function gapEvent(
  cause: AuditGap['cause'],
  sinceMs: number | null,
  count: number | null,
  atMs: number
): IRecordEvent {
  return {
    ...OPEN,
    action: 'gap',
    occurredAtMs: epochMs(sinceMs ?? atMs),
    observedAtMs: epochMs(atMs),
    gap: { cause, sinceMs: sinceMs === null ? null : epochMs(sinceMs), count }
  };
}

/** Something about an installed distribution: what a look at the disk tells. */
export function packageEvent(
  event: Pick<
    IRecordEvent,
    'action' | 'occurredAtMs' | 'observedAtMs' | 'tool' | 'environment' | 'package' | 'personal'
  >
): IRecordEvent {
  return {
    ...OPEN,
    ...event,
    occurredAtMs: epochMs(event.occurredAtMs),
    observedAtMs: epochMs(event.observedAtMs),
    evidence: [{ source: 'disk', ref: 'dist-info' }]
  };
}

/** A time that a record can hold: clocks and file systems may say anything. */
function epochMs(ms: number): number {
  return Number.isFinite(ms) ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.floor(ms))) : 0;
}
