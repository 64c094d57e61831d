import { monthAt } from '@labkeeper/core';
import type { Kysely } from 'kysely';
import type { ILogPlace } from './log-reader.js';
import type { ITables } from './tables.js';

/** Places of one month, and the times that they lie between. */
export interface IMonthPlaces {
  readonly indexes: readonly number[];
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * Places by the month that they lie in. Where PostgreSQL is not told a time, it looks for each index in every month that
 * there is.
 */
export function byMonth(places: readonly ILogPlace[]): readonly IMonthPlaces[] {
  const months = new Map<number, ILogPlace[]>();
  for (const place of places) {
    const { fromMs } = monthAt(place.receivedAtMs);
    const list = months.get(fromMs) ?? [];
    months.set(fromMs, list);
    list.push(place);
  }
  return [...months.values()].map(list => {
    const times = list.map(({ receivedAtMs }) => receivedAtMs);
    return {
      indexes: list.map(({ index }) => index),
      firstMs: Math.min(...times),
      lastMs: Math.max(...times)
    };
  });
}

/** Exact lines of records, by their index. @param places - at most some thousands. */
export async function linesAt(
  db: Kysely<ITables>,
  places: readonly ILogPlace[]
): Promise<ReadonlyMap<number, string>> {
  const lines = new Map<number, string>();
  for (const { indexes, firstMs, lastMs } of byMonth(places)) {
    const [first, last] = [Math.min(...indexes), Math.max(...indexes)];
    let query = db
      .selectFrom('record_body')
      .select(['idx', 'entry'])
      .where('received_at_ms', '>=', firstMs)
      .where('received_at_ms', '<=', lastMs);
    // One behind the other, they are read in one go.
    query =
      last - first + 1 === indexes.length
        ? query.where('idx', '>=', first).where('idx', '<=', last)
        : query.where('idx', 'in', indexes);
    for (const { idx, entry } of await query.execute()) {
      lines.set(idx, entry);
    }
  }
  return lines;
}
