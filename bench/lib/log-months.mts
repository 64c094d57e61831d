// Months of a log in PostgreSQL, as a service has them that has run for years.
import { sql } from 'kysely';
import { monthAt } from '../../packages/core/lib/index.js';
import { openAsItIs } from '../../packages/hub-service/lib/store/database.js';
import {
  attachMonth,
  beforeOf,
  makeMonth,
  PARTITIONED,
  partitionsOf
} from '../../packages/hub-service/lib/store/partitions.js';

/** Makes months from `fromMs` on of a log that is empty. */
export async function makeMonths(url: string, fromMs: number): Promise<void> {
  const database = openAsItIs({ kind: 'postgres', url }, 0, error => console.error(error));
  try {
    const begin = monthAt(fromMs).fromMs;
    const partitions = await partitionsOf(database.write);
    for (const table of PARTITIONED) {
      const before = beforeOf(table);
      const part = partitions.find(({ name }) => name === before);
      if (!part) throw new Error(`${table} has no months`);
      await sql
        .raw(
          `alter table ${table} detach partition ${before};
          alter table ${table} attach partition ${before} for values from (minvalue) to (${begin})`
        )
        .execute(database.write);
      for (let month = monthAt(begin); month.fromMs < part.untilMs; month = monthAt(month.untilMs)) {
        await makeMonth(database.write, { table, month });
        await attachMonth(database.write, { table, month });
      }
    }
  } finally {
    await database.close();
  }
}
