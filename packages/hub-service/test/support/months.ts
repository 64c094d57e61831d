import { sql, type Kysely } from 'kysely';
import { PARTITIONED } from '../../src/store/partitions.js';
import type { ITables } from '../../src/store/tables.js';

/** Names of a table's parts, the default one and the one of before included. */
export async function partsOf(db: Kysely<ITables>, table = 'record'): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select inhrelid::regclass::text as name from pg_inherits
    where inhparent = ${table}::regclass order by 1`.execute(db);
  return rows.map(({ name }) => name);
}

/** Which part each record is in, by its index: of all three tables, which must be the same but for the table's name. */
export async function placesOf(db: Kysely<ITables>): Promise<Map<number, string>> {
  const places = new Map<number, string>();
  for (const table of PARTITIONED) {
    const { rows } = await sql<{ idx: number; part: string }>`
      select idx, tableoid::regclass::text as part from ${sql.table(table)} order by idx`.execute(db);
    for (const { idx, part } of rows) {
      const suffix = part.slice(table.length + 1);
      if (table === 'record') {
        places.set(idx, suffix);
      } else if (places.get(idx) !== suffix) {
        throw new Error(
          `Record ${idx} is in ${places.get(idx) ?? 'nothing'}, and its ${table} in ${suffix}.`
        );
      }
    }
  }
  return places;
}
