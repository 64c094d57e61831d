import { readBatch } from '../../src/ingest/read-batch.js';
import type { IIncomingBatch, ISpeaker } from '../../src/store/log-writer.js';

/** What a companion's bytes are read as. */
export function batchOf(speaker: ISpeaker, body: Buffer): IIncomingBatch {
  const read = readBatch(speaker, body);
  if (read.kind !== 'batch') {
    throw new Error(read.message);
  }
  return read.batch;
}
