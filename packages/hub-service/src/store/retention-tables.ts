import type { RetentionClass } from '@labkeeper/protocol';

/** Tables of what is deleted when its time is over. */
export interface IRetentionTables {
  retention_class: IRetentionClassTable;
  retention_clock: IRetentionClockTable;
  retired: IRetiredTable;
  retired_digest: IRetiredDigestTable;
}

/** How one class stands; a class that the policy never spoke of has no row. */
export interface IRetentionClassTable {
  class: RetentionClass;
  /** null = without end. */
  in_force_days: number | null;
  wanted_days: number | null;
  wanted_since_ms: number | null;
  /** What is below it was looked at. */
  next_index: number;
  /** Number of the newest lifting of a hold that it was looked at after. */
  lifts_seen: number;
  /** Records, or looks, that the period which waits would delete when it acts; null = none waits, or they are not counted yet. */
  due_count: number | null;
  /** Only what came before is deleted, or about to be; null = nothing is. */
  gone_before_ms: number | null;
}

/** One row: how the clock went. */
export interface IRetentionClockTable {
  /** Always 1. */
  one: number;
  last_ms: number;
  steady_since_ms: number;
  jumped_from_ms: number | null;
}

/** Records that lie one behind the other, inside one digest, and were deleted by one act. */
export interface IRetiredTable {
  first_idx: number;
  end_idx: number;
  /** The act, as it was put down. */
  own_id: number;
  at_ms: number;
  /** Their hashes as leaves, 32 bytes each, for the proofs of the records beside them; null = no such record is left. */
  leaves: Uint8Array | null;
}

/** Digests of which no record is left, and whose leaves wait to go. */
export interface IRetiredDigestTable {
  number: number;
  at_ms: number;
}
