import { canonicalJson } from './canonical-json.js';

/** What the hub adds to a record: all from its own knowledge, nothing from the record. */
export interface IEntryFrame {
  readonly hub: string;
  /** The service's own name of the person, a UUID: her name is kept beside the log, where it can be erased. */
  readonly person: string;
  /** The service's own name of the server, a UUID. */
  readonly server: string;
  /** The service's own name of the stream, a UUID. */
  readonly stream: string;
  readonly seq: number;
  readonly receivedAtMs: number;
}

/**
 * The line of the log for a record: canonical JSON, whose SHA-256 as a leaf is what digests cover. The record is in it
 * with its exact bytes.
 *
 * @param record - canonical JSON of an object. One that is not belongs into `opaqueEntry`.
 */
export function recordEntry(frame: IEntryFrame, record: string): string {
  // Members of canonical JSON are sorted: hub, person, receivedAtMs, record, seq, server, stream.
  const { hub, person, receivedAtMs, seq, server, stream } = frame;
  const before = canonicalJson({ hub, person, receivedAtMs }).slice(0, -1);
  const after = canonicalJson({ seq, server, stream }).slice(1);
  return `${before},"record":${record},${after}`;
}

/** The line of the log for bytes that could not be read as a record: base64, never interpreted. */
export function opaqueEntry(frame: IEntryFrame, base64: string): string {
  const { hub, person, receivedAtMs, seq, server, stream } = frame;
  return canonicalJson({ hub, opaque: base64, person, receivedAtMs, seq, server, stream });
}
