import type { Forwarded, IForwardedRecord } from '@labkeeper/protocol';
import type { IDatabase } from '../store/database.js';
import { LogRange } from '../store/log-range.js';
import { linesAt } from '../store/record-lines.js';
import { deletedIn, goesOn, holesIn, type Hole } from './holes-in.js';

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
  const records = await recordsIn(database, from, end, hasNames);
  const deleted = records.length < end - from ? await deletedIn(range, from, end) : [];
  const items: Forwarded[] = [];
  let next = from;
  for (const record of records) {
    items.push(...told(holesIn(deleted, next, record.index), nowMs), record);
    next = record.index + 1;
  }
  const holes = holesIn(deleted, next, end);
  const last = holes.at(-1);
  if (last === undefined) {
    return { items, next };
  }
  // Millions may be gone, one behind the other: they are one message.
  next = await goesOn(range, last, end, Math.min(await recordFrom(database, end, logStop), logStop));
  items.push(...told([...holes.slice(0, -1), { ...last, count: next - last.firstIndex }], nowMs));
  return { items, next };
}

function told(holes: readonly Hole[], atMs: number): readonly Forwarded[] {
  return holes.map(hole => ({ ...hole, atMs }));
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

/** Index of the first record from an index on. @param none - where there is none. */
async function recordFrom({ read }: IDatabase, index: number, none: number): Promise<number> {
  const { first } = await read
    .selectFrom('record')
    .select(({ fn }) => fn.min<number | null>('idx').as('first'))
    .where('idx', '>=', index)
    .executeTakeFirstOrThrow();
  return first ?? none;
}
