import { CompiledQuery, type Kysely } from 'kysely';
import type { Appended } from './log-writer.js';
import {
  lastSeq,
  newRecords,
  type AppendPlaced,
  type INewRecord,
  type IPlacedBatch
} from './placed-batch.js';
import type { IRecordTable, ITables } from './tables.js';

const NAMES = [
  'received_at_ms',
  'hub_id',
  'person_id',
  'server_id',
  'group_set_id',
  'stream_id',
  'seq',
  'occurred_at_ms',
  'action',
  'ecosystem',
  'package_name',
  'package_version',
  'tool',
  'effect',
  'grade',
  'environment',
  'leaf'
] as const satisfies readonly (keyof Omit<IRecordTable, 'idx'>)[];

/** One prepared statement per row: there are no round trips, and what was prepared is kept. */
export const appendToSqlite: AppendPlaced = async (db, placed, receivedAtMs) => {
  const records: INewRecord[] = [];
  const offsets: (number | null)[] = [];
  for (const one of placed) {
    const isMoved = await moveHead(db, one, receivedAtMs);
    offsets.push(isMoved ? records.length : null);
    if (isMoved) {
      records.push(...newRecords(one, receivedAtMs));
    }
  }
  const firstIndex = records.length > 0 ? await insert(db, records) : 0;
  const appended: Appended[] = [];
  for (const [i, { stream }] of placed.entries()) {
    const offset = offsets[i] ?? null;
    appended.push(
      offset === null
        ? {
            kind: 'conflict',
            head: await db
              .selectFrom('stream')
              .select(['seq', 'head as hash'])
              .where('id', '=', stream.id)
              .executeTakeFirstOrThrow()
          }
        : { kind: 'stored', stream: stream.uuid, firstIndex: firstIndex + offset, receivedAtMs }
    );
  }
  return appended;
};

async function moveHead(
  db: Kysely<ITables>,
  { stream, batch }: IPlacedBatch,
  nowMs: number
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('stream')
    .set({ seq: lastSeq(batch), head: batch.head, seen_at_ms: nowMs })
    .where('id', '=', stream.id)
    .where('seq', '=', batch.first - 1)
    .where('head', '=', batch.prev)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** @returns the first one's index. */
async function insert(db: Kysely<ITables>, records: readonly INewRecord[]): Promise<number> {
  const { next_index } = await db
    .updateTable('log_head')
    .set(eb => ({ next_index: eb('next_index', '+', records.length) }))
    .returning('next_index')
    .executeTakeFirstOrThrow();
  const first = next_index - records.length;
  const marks = NAMES.map(() => '?').join(', ');
  const insertRecord = `insert into record (idx, ${NAMES.join(', ')}) values (?, ${marks})`;
  const insertBody = 'insert into record_body (received_at_ms, idx, entry) values (?, ?, ?)';
  const insertPersonal = 'insert into personal (received_at_ms, idx, person_id, sealed) values (?, ?, ?, ?)';
  for (const [i, record] of records.entries()) {
    const { received_at_ms: at } = record;
    const idx = first + i;
    await db.executeQuery(CompiledQuery.raw(insertRecord, [idx, ...NAMES.map(name => record[name])]));
    await db.executeQuery(CompiledQuery.raw(insertBody, [at, idx, record.entry]));
    if (record.sealed) {
      await db.executeQuery(CompiledQuery.raw(insertPersonal, [at, idx, record.person_id, record.sealed]));
    }
  }
  return first;
}
