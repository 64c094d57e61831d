import { wholeRanges, type RecordClass } from '@labkeeper/core';
import type { Transaction } from 'kysely';
import { noteRetirement, type IRetentionRule } from './note-retirement.js';
import type { ITables } from './tables.js';

/** A record that is to be deleted. */
export interface IRetiredRecord {
  readonly idx: number;
  readonly received_at_ms: number;
  readonly leaf: Uint8Array;
}

/**
 * Deletes records, and leaves their hashes for the proofs of those beside them, and the act that says so. All of them are
 * covered by digests.
 *
 * @param hubId - the hub at which the service's own acts are. @param found - in the order of their indexes.
 */
export async function retireRecords(
  db: Transaction<ITables>,
  hubId: string,
  name: RecordClass,
  found: readonly IRetiredRecord[],
  rule: IRetentionRule
): Promise<void> {
  const indexes = found.map(({ idx }) => idx);
  const [first, last] = [Math.min(...indexes), Math.max(...indexes)];
  const digests = await db
    .selectFrom('digest')
    .select(['number', 'first_index', 'count'])
    .where(eb => eb(eb('first_index', '+', eb.ref('count')), '>', first))
    .where('first_index', '<=', last)
    .orderBy('number')
    .execute();
  const ranges = wholeRanges(
    indexes,
    digests.map(({ first_index }) => first_index)
  );
  const numbers = digests.map(({ number }) => number);
  const own = await noteRetirement(
    db,
    hubId,
    { name, ranges, count: found.length, digests: [Math.min(...numbers), Math.max(...numbers)] },
    rule
  );
  let at = 0;
  const rows = ranges.map(([begin, end]) => {
    const leaves = Buffer.concat(found.slice(at, at + end - begin).map(({ leaf }) => leaf));
    at += end - begin;
    return { first_idx: begin, end_idx: end, own_id: own, at_ms: rule.atMs, leaves };
  });
  await db.insertInto('retired').values(rows).execute();
  await db.deleteFrom('holding').where('until_idx', 'in', indexes).execute();
  const times = found.map(({ received_at_ms }) => received_at_ms);
  for (const table of ['personal', 'record_body', 'record'] as const) {
    await db
      .deleteFrom(table)
      // Says in which partitions they are.
      .where('received_at_ms', '>=', Math.min(...times))
      .where('received_at_ms', '<=', Math.max(...times))
      .where('idx', 'in', indexes)
      .execute();
  }
  for (const { number, first_index, count } of digests) {
    const { gone } = await db
      .selectFrom('retired')
      .select(({ fn, eb }) => fn.sum<number | null>(eb('end_idx', '-', eb.ref('first_idx'))).as('gone'))
      .where('first_idx', '>=', first_index)
      .where('first_idx', '<', first_index + count)
      .executeTakeFirstOrThrow();
    if (Number(gone) === count) {
      await db.insertInto('retired_digest').values({ number, at_ms: rule.atMs }).execute();
    }
  }
}
