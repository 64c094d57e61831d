import { JournalRecord, MessageError, notification, parseParams } from '@labkeeper/protocol';
import type { IBatch } from '../journal/read-batches.js';

const record = notification('record', JournalRecord);

/** A batch that makes no sense, by itself or after the others. */
export class BatchError extends Error {
  override readonly name = 'BatchError';
}

/** The records of a batch, one at a time. @throws BatchError at the first line that is no record. */
export function* recordsOf({ seq, text }: IBatch): Generator<JournalRecord> {
  for (let from = 0; from < text.length;) {
    const end = text.indexOf('\n', from);
    const line = text.slice(from, end < 0 ? text.length : end);
    from = end < 0 ? text.length : end + 1;
    if (line !== '') {
      yield parseRecord(line, seq);
    }
  }
}

function parseRecord(line: string, seq: number): JournalRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new BatchError(`Batch ${seq} holds what is no JSON.`);
  }
  try {
    return parseParams(record, value);
  } catch (error) {
    if (error instanceof MessageError) {
      throw new BatchError(`Batch ${seq}: ${error.message}`);
    }
    throw error;
  }
}
