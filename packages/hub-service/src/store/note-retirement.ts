import type { IndexRange } from '@labkeeper/core';
import type { Retirement, RetentionClass } from '@labkeeper/protocol';
import type { Transaction } from 'kysely';
import { noteAct } from './own-acts.js';
import type { ITables } from './tables.js';

/** By which rule something is deleted. */
export interface IRetentionRule {
  /** As the policy writes it. */
  readonly rule: string;
  readonly days: number;
  /** SHA-256 of the policy. */
  readonly policy: string;
  /** Closed, or looked, before then: epoch ms. */
  readonly beforeMs: number;
  /** Now, epoch ms. */
  readonly atMs: number;
}

/** What an act of retention deletes. */
export interface IRetiring {
  readonly name: RetentionClass;
  readonly ranges: readonly IndexRange[];
  readonly count: number;
  /** The first and the last that records are deleted from; null = they are no records. */
  readonly digests: Retirement['digests'];
}

/**
 * Puts an act of retention down, in the transaction that deletes.
 *
 * @param hubId - the hub at which the service's own acts are.
 * @returns the number under which it is put down.
 */
export async function noteRetirement(
  db: Transaction<ITables>,
  hubId: string,
  { name, ranges, count, digests }: IRetiring,
  { rule, days, policy, beforeMs, atMs }: IRetentionRule
): Promise<number> {
  const { id: log } = await db.selectFrom('log').select('id').executeTakeFirstOrThrow();
  const retired: Retirement = {
    ...{ log, class: name, rule, days, policy, count, digests, beforeMs },
    ranges: ranges.map(([first, end]) => [first, end])
  };
  const { id } = await noteAct(
    db,
    {
      ...{ action: 'retire', atMs, hub: hubId, number: null, actor: null, subject: null },
      ...{ case: null, lifts: null, parts: [], retired }
    },
    null
  );
  return id;
}
