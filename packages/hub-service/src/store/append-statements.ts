import type { HoldingEffect } from '@labkeeper/core';
import { CompiledQuery, sql, type Transaction } from 'kysely';
import type { DatabaseKind } from './database.js';
import { postgresHoldingParts, writeHoldings, type HoldingWrites } from './holding-writes.js';
import type { IRecordTable, ITables } from './tables.js';

/** A stream's head goes on, if it is where the batch begins. */
export interface IHeadMove {
  readonly stream: number;
  /** Where it must be. */
  readonly beforeSeq: number;
  readonly beforeHead: string;
  readonly seq: number;
  readonly head: string;
}

/** One record with everything that is stored of it, but its index. */
export interface INewRecord extends Omit<IRecordTable, 'idx'> {
  readonly entry: string;
  readonly sealed: Uint8Array | null;
  /** What it changes about what is held; null = nothing. */
  readonly held: HoldingEffect | null;
}

/** The statements that append, each in the form that its database does fastest. */
export interface IAppendStatements {
  /** Compare and set: the only key of idempotence. @returns the streams that went on. No stream twice. */
  moveHeads(
    db: Transaction<ITables>,
    moves: readonly IHeadMove[],
    nowMs: number
  ): Promise<ReadonlySet<number>>;
  /**
   * Numbers the records and stores them, with what they change about what is held.
   *
   * @returns the first one's index.
   */
  insert(
    db: Transaction<ITables>,
    records: readonly INewRecord[],
    holdings: HoldingWrites | null
  ): Promise<number>;
}

export function appendStatements(kind: DatabaseKind): IAppendStatements {
  return kind === 'sqlite' ? SQLITE : POSTGRES;
}

const COLUMNS = [
  ['received_at_ms', 'bigint'],
  ['hub_id', 'integer'],
  ['person_id', 'integer'],
  ['server_id', 'integer'],
  ['group_set_id', 'integer'],
  ['stream_id', 'integer'],
  ['seq', 'bigint'],
  ['occurred_at_ms', 'bigint'],
  ['action', 'text'],
  ['ecosystem', 'text'],
  ['package_name', 'text'],
  ['package_version', 'text'],
  ['tool', 'text'],
  ['effect', 'text'],
  ['grade', 'text'],
  ['environment', 'text'],
  ['leaf', 'bytea']
] as const satisfies readonly (readonly [keyof Omit<IRecordTable, 'idx'>, string])[];
const NAMES = COLUMNS.map(([name]) => name);
const LIST = NAMES.join(', ');

/** One prepared statement per row: no round trips, and what was prepared is kept. */
const SQLITE: IAppendStatements = {
  async moveHeads(db, moves, nowMs) {
    const moved = new Set<number>();
    for (const { stream, beforeSeq, beforeHead, seq, head } of moves) {
      const { numUpdatedRows } = await db
        .updateTable('stream')
        .set({ seq, head, seen_at_ms: nowMs })
        .where('id', '=', stream)
        .where('seq', '=', beforeSeq)
        .where('head', '=', beforeHead)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 1n) {
        moved.add(stream);
      }
    }
    return moved;
  },
  async insert(db, records, holdings) {
    const { next_index } = await db
      .updateTable('log_head')
      .set(eb => ({ next_index: eb('next_index', '+', records.length) }))
      .returning('next_index')
      .executeTakeFirstOrThrow();
    const first = next_index - records.length;
    const marks = NAMES.map(() => '?').join(', ');
    const insertRecord = `insert into record (idx, ${LIST}) values (?, ${marks})`;
    const insertBody = 'insert into record_body (received_at_ms, idx, entry) values (?, ?, ?)';
    const insertPersonal =
      'insert into personal (received_at_ms, idx, person_id, sealed) values (?, ?, ?, ?)';
    for (const [i, record] of records.entries()) {
      const { received_at_ms: at } = record;
      const idx = first + i;
      await db.executeQuery(CompiledQuery.raw(insertRecord, [idx, ...NAMES.map(name => record[name])]));
      await db.executeQuery(CompiledQuery.raw(insertBody, [at, idx, record.entry]));
      if (record.sealed) {
        await db.executeQuery(CompiledQuery.raw(insertPersonal, [at, idx, record.person_id, record.sealed]));
      }
    }
    if (holdings) {
      await writeHoldings('sqlite', db, holdings, first);
    }
    return first;
  }
};

const TYPES = sql.raw(COLUMNS.map(([name, type]) => `${name} ${type}`).join(', '));
const ALL = sql.raw(LIST);

/**
 * One statement for all rows, which travel as one JSON text: node-postgres would quote each element of an array by itself.
 * The log's head is locked by the statement that inserts, so nobody waits for it during a round trip but that of the commit.
 */
const POSTGRES: IAppendStatements = {
  async moveHeads(db, moves, nowMs) {
    const rows = JSON.stringify(
      moves.map(({ stream, beforeSeq, beforeHead, seq, head }) => ({
        id: stream,
        before_seq: beforeSeq,
        before_head: beforeHead,
        seq,
        head
      }))
    );
    // In the order of their numbers, so that two replicas never wait for one another. Servers are locked too: what is held
    // there is read and written as one.
    await sql`select 1 from stream s join server v on v.id = s.server_id
      where s.id in (select id from json_to_recordset(${rows}::json) as b(id integer))
      order by v.id, s.id for no key update`.execute(db);
    const moved = await sql<{
      id: number;
    }>`update stream s set seq = b.seq, head = b.head, seen_at_ms = ${nowMs}
      from json_to_recordset(${rows}::json) as b(id integer, before_seq bigint, before_head text, seq bigint, head text)
      where s.id = b.id and s.seq = b.before_seq and s.head = b.before_head returning s.id`.execute(db);
    return new Set(moved.rows.map(({ id }) => id));
  },
  async insert(db, records, holdings) {
    const rows = JSON.stringify(
      records.map(({ leaf, sealed, held: _held, ...record }, at) => ({
        ...record,
        at,
        leaf: hexBytes(leaf),
        sealed: sealed && hexBytes(sealed)
      }))
    );
    const { rows: heads } = await sql<{ first: number }>`
      with head as (
        update log_head set next_index = next_index + ${records.length}::bigint
        returning next_index - ${records.length}::bigint as first
      ), r as materialized (
        select head.first + b.at as idx, b.*
        from head, json_to_recordset(${rows}::json) as b(at bigint, ${TYPES}, entry text, sealed bytea)
      ), narrow as (
        insert into record (idx, ${ALL}) select idx, ${ALL} from r
      ), bodies as (
        insert into record_body (received_at_ms, idx, entry) select received_at_ms, idx, entry from r
      ), parts as (
        insert into personal (received_at_ms, idx, person_id, sealed)
        select received_at_ms, idx, person_id, sealed from r where sealed is not null
      )${holdings ? postgresHoldingParts(holdings) : sql``}
      select first from head`.execute(db);
    const [head] = heads;
    if (!head) {
      throw new Error('The head of the log is not there.');
    }
    return head.first;
  }
};

/** As PostgreSQL reads a bytea. */
function hexBytes(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}
