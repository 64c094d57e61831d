import { sql, type Kysely } from 'kysely';
import type { IIncomingBatch } from './log-writer.js';
import type { ITables } from './tables.js';

/** Names that are remembered, at most. */
const REMEMBERED = 100_000;

/** The list of all names of packages in the log, as it is kept while the log is written. */
export class PackageTerms {
  /** Names that are not known to be in the list; none twice, in one order for all replicas. */
  unknown(batches: readonly IIncomingBatch[]): readonly string[] {
    const names = new Set<string>();
    for (const { records } of batches) {
      for (const { columns } of records) {
        if (columns.packageName !== null && !this.known.has(columns.packageName)) {
          names.add(columns.packageName);
        }
      }
    }
    return [...names].sort();
  }

  /** They are in the list when it resolves. A name without a record does no harm. */
  async add(db: Kysely<ITables>, names: readonly string[]): Promise<void> {
    if (names.length > 0) {
      await db
        .insertInto('package_term')
        .values(names.map(name => ({ name })))
        .onConflict(conflict => conflict.doNothing())
        .execute();
    }
  }

  /** What was added was committed. */
  keep(names: readonly string[]): void {
    if (this.known.size + names.length > REMEMBERED) {
      this.known.clear();
    }
    names.forEach(name => this.known.add(name));
  }

  private readonly known = new Set<string>();
}

/** Names that are looked at one by one, at most: with more, the newest records are soon found in another way. */
export const FEW_TERMS = 200;

/**
 * Names of packages that a text is part of.
 *
 * @returns null = more than `FEW_TERMS`.
 */
export async function termsWith(db: Kysely<ITables>, text: string): Promise<readonly string[] | null> {
  const rows = await db
    .selectFrom('package_term')
    .select('name')
    .where(termMatches(text))
    .limit(FEW_TERMS + 1)
    .execute();
  return rows.length > FEW_TERMS ? null : rows.map(({ name }) => name);
}

/** Whether the name of a term has a text in it. */
export function termMatches(text: string) {
  const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`lower(name) like ${pattern} escape '\\'`;
}
