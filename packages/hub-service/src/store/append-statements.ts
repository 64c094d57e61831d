import type { HoldingEffect } from '@labkeeper/core';
import type { StreamHead } from '@labkeeper/protocol';
import type { Kysely } from 'kysely';
import { appendToPostgres } from './append-postgres.js';
import { appendToSqlite } from './append-sqlite.js';
import type { DatabaseKind } from './database.js';
import type { IRecordTable, ITables } from './tables.js';

/** A batch with the numbers of those that it belongs to. */
export interface IPlacedBatch {
  readonly hubId: number;
  readonly personId: number;
  readonly serverId: number;
  readonly groupSetId: number;
  readonly streamId: number;
  /** Where the stream must be, and where it goes on to. */
  readonly before: StreamHead;
  readonly after: StreamHead;
  readonly records: readonly INewRecord[];
}

/** One record with everything that is stored of it, but its index and what its batch says. */
export interface INewRecord extends Pick<
  IRecordTable,
  | 'seq'
  | 'occurred_at_ms'
  | 'action'
  | 'ecosystem'
  | 'package_name'
  | 'package_version'
  | 'tool'
  | 'effect'
  | 'grade'
  | 'environment'
  | 'leaf'
> {
  /** The exact line; it has no newline. */
  readonly entry: string;
  readonly sealed: Uint8Array | null;
  /** What it changes about what is held; null = nothing. */
  readonly held: HoldingEffect | null;
}

/** What became of a batch; null = its stream is somewhere else: then nothing of it was stored. */
export interface IBatchPlace {
  readonly firstIndex: number | null;
  /** Where the stream is now. */
  readonly head: StreamHead;
}

/**
 * Moves each stream that is where its batch begins, by compare-and-set, the only key of idempotence; numbers the records of
 * those batches, and stores them with what they change about what is held. Whole or not at all: on SQLite `db` must be a
 * transaction, on PostgreSQL it may be one.
 *
 * @returns a place for each batch, in their order.
 */
export type AppendStatements = (
  db: Kysely<ITables>,
  batches: readonly IPlacedBatch[],
  receivedAtMs: number
) => Promise<readonly IBatchPlace[]>;

/** The statements that append, in the form that the database does fastest. */
export function appendStatements(kind: DatabaseKind): AppendStatements {
  return kind === 'sqlite' ? appendToSqlite : appendToPostgres;
}
