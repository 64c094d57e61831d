import type { Forwarded, IForwardedRecord } from '@labkeeper/protocol';
import type { IDatabase } from '../store/database.js';
import { LogRange } from '../store/log-range.js';
import { linesAt } from '../store/record-lines.js';
import { holesIn } from './holes-in.js';

export interface IForwardedRange {
  /** The first index. */
  readonly from: number;
  /** Records, at most. */
  readonly most: number;
  /** Whether users and servers are named. */
  readonly hasNames: boolean;
  /** Epoch ms. */
  readonly nowMs: number;
}

export interface IForwardedBatch {
  /** In the order of the log; every index up to the next is in one of them. */
  readonly items: readonly Forwarded[];
  /** Where to go on; the same as before = there is nothing more. */
  readonly next: number;
}

/** Records of the log in its own order, and what stands in the place of those that are not there. */
export async function readForwarded(
  database: IDatabase,
  { from, most, hasNames, nowMs }: IForwardedRange
): Promise<IForwardedBatch> {
  const range = new LogRange(database);
  // What is below it was there before the records are read: a place without one is none that comes later.
  const logStop = await range.end();
  const end = Math.min(from + most, logStop);
  const items: Forwarded[] = [];
  let next = from;
  const tellHoles = async (until: number): Promise<void> => {
    for (const hole of next < until ? await holesIn(range, next, until) : []) {
      items.push({ ...hole, atMs: nowMs });
    }
  };
  for (const record of await recordsIn(database, from, end, hasNames)) {
    await tellHoles(record.index);
    items.push(record);
    next = record.index + 1;
  }
  if (next < end) {
    // Millions may be gone, one behind the other: they are one message.
    const until = Math.max(end, await emptyUntil(database, range, next, logStop));
    await tellHoles(until);
    next = until;
  }
  return { items, next };
}

/** The index after the last record. */
export async function logEnd({ read }: IDatabase): Promise<number> {
  const { next_index } = await read.selectFrom('log_head').select('next_index').executeTakeFirstOrThrow();
  return next_index;
}

async function recordsIn(
  { read }: IDatabase,
  from: number,
  end: number,
  hasNames: boolean
): Promise<readonly IForwardedRecord[]> {
  const rows = await read
    .selectFrom('record')
    .innerJoin('hub', 'hub.id', 'record.hub_id')
    .innerJoin('person', 'person.id', 'record.person_id')
    .innerJoin('server', 'server.id', 'record.server_id')
    .innerJoin('stream', 'stream.id', 'record.stream_id')
    .select([
      'record.idx as index',
      'record.received_at_ms as receivedAtMs',
      'record.occurred_at_ms as occurredAtMs',
      'hub.name as hub',
      'person.name as user',
      'server.name as server',
      'record.action',
      'record.ecosystem',
      'record.package_name as packageName',
      'record.package_version as packageVersion',
      'record.tool',
      'record.effect',
      'record.grade',
      'stream.uuid as stream',
      'record.seq'
    ])
    .where('record.idx', '>=', from)
    .where('record.idx', '<', end)
    .orderBy('record.idx')
    .execute();
  const lines = await linesAt(read, rows);
  return rows.flatMap(row => {
    const entry = lines.get(row.index);
    return entry === undefined ? [] : [{ ...row, entry, ...(!hasNames && { user: null, server: null }) }];
  });
}

/** Where the next record is, if all before it is gone for the same reason; else the index itself. */
async function emptyUntil(
  { read }: IDatabase,
  range: LogRange,
  index: number,
  logStop: number
): Promise<number> {
  const { first } = await read
    .selectFrom('record')
    .select(({ fn }) => fn.min<number | null>('idx').as('first'))
    .where('idx', '>=', index)
    .executeTakeFirstOrThrow();
  const until = Math.min(first ?? logStop, logStop);
  const deleted = await range.goneCount(index, until);
  return deleted === 0 || deleted === until - index ? until : index;
}
