import { CompiledQuery, type Kysely } from 'kysely';
import type { IBatchPlace, IPlacedBatch } from './append-statements.js';
import { heldChange, holdingWrites, writeHoldings, type IRecordedChange } from './holding-writes.js';
import type { ITables } from './tables.js';

const MOVE = 'update stream set seq = ?, head = ?, seen_at_ms = ? where id = ? and seq = ? and head = ?';
const NAMES = [
  ...['received_at_ms', 'idx', 'hub_id', 'person_id', 'server_id', 'group_set_id', 'stream_id', 'seq'],
  ...['occurred_at_ms', 'action', 'ecosystem', 'package_name', 'package_version', 'tool', 'effect', 'grade'],
  ...['environment', 'leaf']
];
const INSERT_RECORD = `insert into record (${NAMES.join()}) values (${NAMES.map(() => '?').join()})`;
const INSERT_BODY = 'insert into record_body (received_at_ms, idx, entry) values (?, ?, ?)';
const INSERT_PERSONAL = 'insert into personal (received_at_ms, idx, person_id, sealed) values (?, ?, ?, ?)';

/** One prepared statement per row: there are no round trips, and what was prepared is kept. */
export async function appendToSqlite(
  db: Kysely<ITables>,
  batches: readonly IPlacedBatch[],
  receivedAtMs: number
): Promise<readonly IBatchPlace[]> {
  const run = (text: string, values: readonly unknown[]) =>
    db.executeQuery(CompiledQuery.raw(text, [...values]));
  const isMoved: boolean[] = [];
  let count = 0;
  for (const { streamId, before, after, records } of batches) {
    const move = [after.seq, after.hash, receivedAtMs, streamId, before.seq, before.hash];
    const moved = (await run(MOVE, move)).numAffectedRows === 1n;
    isMoved.push(moved);
    count += moved ? records.length : 0;
  }
  const { next_index } = await db
    .updateTable('log_head')
    .set(eb => ({ next_index: eb('next_index', '+', count) }))
    .returning('next_index')
    .executeTakeFirstOrThrow();
  let next = next_index - count;
  const places: IBatchPlace[] = [];
  const changes: IRecordedChange[] = [];
  for (const [i, batch] of batches.entries()) {
    if (!isMoved[i]) {
      places.push({ firstIndex: null, head: await headOf(db, batch.streamId) });
      continue;
    }
    places.push({ firstIndex: next, head: batch.after });
    for (const record of batch.records) {
      const idx = next++;
      await run(INSERT_RECORD, [
        ...[receivedAtMs, idx, batch.hubId, batch.personId, batch.serverId, batch.groupSetId],
        ...[batch.streamId, record.seq, record.occurred_at_ms, record.action, record.ecosystem],
        ...[record.package_name, record.package_version, record.tool, record.effect, record.grade],
        ...[record.environment, record.leaf]
      ]);
      await run(INSERT_BODY, [receivedAtMs, idx, record.entry]);
      if (record.sealed) {
        await run(INSERT_PERSONAL, [receivedAtMs, idx, batch.personId, record.sealed]);
      }
      changes.push(...heldChange(batch, record, idx, receivedAtMs));
    }
  }
  if (changes.length > 0) {
    await writeHoldings('sqlite', db, await holdingWrites('sqlite', db, changes));
  }
  return places;
}

async function headOf(db: Kysely<ITables>, stream: number): Promise<IBatchPlace['head']> {
  return db
    .selectFrom('stream')
    .select(['seq', 'head as hash'])
    .where('id', '=', stream)
    .executeTakeFirstOrThrow();
}
