import { FrameScanner, type Scanned } from './frame-scanner.js';
import type { IJournalDisk } from './journal-disk.js';
import { FRAME_BYTES, parseRecord, type LogRecord } from './log-record.js';
import type { IPlace, IReadable } from './run-scan.js';

/** Records as the page sent them together, one JSON line each. */
export interface IBatch {
  /** Its number; of a fold, that of the last batch that it stands for. */
  readonly seq: number;
  readonly text: string;
}

/** A segment is not any more what it was when it was scanned. */
export class JournalChangedError extends Error {
  override readonly name = 'JournalChangedError';
}

/**
 * The batches of a run in their order, one at a time in memory.
 *
 * @param number - the run's number in its boot.
 * @throws JournalChangedError, or the system's error, when a segment was changed or removed meanwhile.
 */
export async function* readBatches(
  disk: IJournalDisk,
  number: number,
  readable: IReadable
): AsyncGenerator<IBatch> {
  const { fold, parts, lastSeq } = readable;
  let readSeq = 0;
  if (fold) {
    for await (const record of recordsIn(disk, fold)) {
      if (record.kind === 'fold' && record.number === number) {
        readSeq = record.seq;
        yield { seq: record.seq, text: record.body.toString('utf8') };
      }
    }
  }
  let expected = (fold?.frame ?? 0) + 1;
  let pieces: Buffer[] = [];
  for (const part of parts) {
    for await (const record of recordsIn(disk, part)) {
      if (record.kind !== 'batch' || record.number !== number || record.frame !== expected) {
        continue;
      }
      expected += 1;
      pieces = record.first ? [] : pieces;
      // The scanner's bytes are another frame's at the next step.
      pieces.push(Buffer.from(record.body));
      if (record.last) {
        const text = Buffer.concat(pieces).toString('utf8');
        pieces = [];
        readSeq = record.seq;
        yield { seq: record.seq, text };
      }
    }
  }
  if (readSeq !== lastSeq) {
    throw new JournalChangedError(`Batch ${readSeq + 1} of run ${number} is not where it was.`);
  }
}

async function* recordsIn(disk: IJournalDisk, { segment, at, end }: IPlace): AsyncGenerator<LogRecord> {
  const frames = new FrameScanner(FRAME_BYTES, at);
  for await (const piece of disk.read(segment, at, end)) {
    yield* recordsOf(frames.push(piece));
  }
  // Behind a damaged length there may be more than the scanner was sure of.
  yield* recordsOf(frames.end());
}

function* recordsOf(scanned: Iterable<Scanned>): Generator<LogRecord> {
  for (const item of scanned) {
    const record = item.kind === 'frame' ? parseRecord(item.body, 0) : null;
    if (record) {
      yield record;
    }
  }
}
