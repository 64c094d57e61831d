import type { AuditRecord, EvidenceSource } from '@labkeeper/protocol';

/**
 * How much a record is worth as evidence. Whoever owns the container can forge what its processes say, so what the hub's
 * own index served is worth most, and what only one process said least.
 */
export type Grade =
  /** The hub's own gateway saw it, and the disk has it. Only the hub can say so, from records of its own: see `gradeOf`. */
  | 'confirmed'
  /** The disk has it, and a tool, a hook or a page said so. */
  | 'corroborated'
  /** One source inside the container. */
  | 'claimed'
  /** The hub service itself did it, or took it in: only the hub can say so, from records of its own. */
  | 'hub'
  /** It is about the stream itself: its begin, its end, a gap. */
  | 'stream'
  /** Could not be read. */
  | 'unreadable';

/** A grade with the reason for it. */
export interface IGraded {
  readonly grade: Grade;
  /** One sentence. */
  readonly reason: string;
}

/** What a process in the container says, whatever it calls itself: a record can claim that a gateway or a node saw it. */
const INSIDE: readonly EvidenceSource[] = ['ui', 'report', 'hook', 'gateway', 'node'];

/**
 * Grades one record that a companion sent, by its own evidence. It is never `confirmed` by that: whoever owns the container
 * writes it. What other records say about the same install is joined later.
 */
export function gradeOf(record: AuditRecord): IGraded {
  if (['opened', 'closed', 'gap', 'heartbeat'].includes(record.action)) {
    return { grade: 'stream', reason: 'It is about the record keeping itself, not about a package.' };
  }
  const sources = new Set(record.evidence.map(({ source }) => source));
  const onDisk = sources.has('disk');
  const told = INSIDE.some(source => sources.has(source));
  if (onDisk && told) {
    return { grade: 'corroborated', reason: 'A tool reported it, and it lies on the disk.' };
  }
  return {
    grade: 'claimed',
    reason: onDisk
      ? 'It lies on the disk; how it came there nobody told.'
      : 'Only one source inside the container told it.'
  };
}
