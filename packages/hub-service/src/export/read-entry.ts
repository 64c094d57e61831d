import { LogEntry, parseShape } from '@labkeeper/protocol';
import type { ILoggedEntry } from './export-source.js';

/** An entry of the log, read. @throws Error when it is no line that the service writes. */
export function entryOf({ index, entry }: ILoggedEntry): LogEntry {
  const read = parseShape(LogEntry, entry);
  if (!read) {
    throw new Error(`record ${index} of the log cannot be read`);
  }
  return read;
}

/** As ISO 8601 says it; a time that no calendar has, as its number: a container's clock can say anything. */
export function isoTime(atMs: number): string {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? `${atMs}` : date.toISOString();
}
