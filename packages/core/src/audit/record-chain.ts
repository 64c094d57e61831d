import { AUDIT_SCHEMA, type AuditRecord, type StreamHead } from '@labkeeper/protocol';
import { canonicalJson } from './canonical-json.js';
import type { IRecordEvent } from './record-event.js';
import { NO_HASH } from './sha256.js';

/** SHA-256 of a text's UTF-8 bytes, in lower-case hexadecimal digits. */
export type Sha256OfText = (text: string) => string;

/** The head of a stream that holds nothing yet. */
export const NOTHING_YET: StreamHead = { seq: 0, hash: NO_HASH };

/** A record with its place in a stream. */
export interface IChainedRecord {
  /** Canonical JSON of the record, without a newline. */
  readonly line: string;
  /** Canonical JSON of its personal part; null = there is none. */
  readonly personal: string | null;
  /** The stream's head with it. */
  readonly head: StreamHead;
}

/**
 * Gives an event its place behind `head`: the next number, and the hash of the record before it.
 *
 * @param boot - the stream's name.
 * @param eventId - a new UUID.
 */
export function chainRecord(
  sha256: Sha256OfText,
  boot: string,
  head: StreamHead,
  event: IRecordEvent,
  eventId: string
): IChainedRecord {
  const personal = event.personal === null ? null : canonicalJson(event.personal);
  const record: AuditRecord = {
    ...event,
    schema: AUDIT_SCHEMA,
    eventId,
    boot,
    seq: head.seq + 1,
    prev: head.hash,
    personal: personal === null ? null : sha256(personal)
  };
  const line = canonicalJson(record);
  return { line, personal, head: { seq: record.seq, hash: sha256(line) } };
}

/**
 * Whether a line is the record that follows `head` in the stream `boot`, as far as the chain goes.
 *
 * @param line - of whatever origin.
 */
export function followsHead(line: string, boot: string, head: StreamHead): boolean {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    // No JSON, so it is no record.
    return false;
  }
  return (
    typeof record === 'object' &&
    record !== null &&
    'boot' in record &&
    'seq' in record &&
    'prev' in record &&
    record.boot === boot &&
    record.seq === head.seq + 1 &&
    record.prev === head.hash
  );
}
