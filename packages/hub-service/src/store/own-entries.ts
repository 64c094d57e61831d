import type { IDatabase } from './database.js';
import type { ILogPlace } from './log-reader.js';
import { linesAt } from './record-lines.js';

/** What the list of a server's own records shows beside what is searched. */
export interface IOwnEntry {
  /** The name that the companion gave its stream. */
  readonly boot: string;
  readonly seq: number;
  /** The exact line. */
  readonly entry: string;
}

/** Lines of the log by their index. @param places - of at most a page of the list. */
export async function entriesAt(
  { read }: IDatabase,
  places: readonly ILogPlace[]
): Promise<Map<number, IOwnEntry>> {
  if (places.length === 0) {
    return new Map();
  }
  const times = places.map(({ receivedAtMs }) => receivedAtMs);
  const rows = await read
    .selectFrom('record')
    .innerJoin('stream', 'stream.id', 'record.stream_id')
    .select(['record.idx as index', 'record.seq', 'stream.boot'])
    .where(
      'record.idx',
      'in',
      places.map(({ index }) => index)
    )
    // Says in which partitions they are.
    .where('record.received_at_ms', '>=', Math.min(...times))
    .where('record.received_at_ms', '<=', Math.max(...times))
    .execute();
  const lines = await linesAt(read, places);
  return new Map(
    rows.flatMap(({ index, boot, seq }) => {
      const entry = lines.get(index);
      return entry === undefined ? [] : [[index, { boot, seq, entry }] as const];
    })
  );
}
