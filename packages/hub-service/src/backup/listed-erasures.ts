import type { HubScope } from '../hubs/hub-scope.js';
import type { IDatabase } from '../store/database.js';
import { SqlLegal } from '../store/sql-legal.js';
import { erasureListPath, keepErasures } from './erasure-list.js';

/**
 * Legal holds and erasure, with every erasure on the list that restores go by as soon as it is committed.
 *
 * @param own - as for `SqlLegal`.
 * @param scope - as for `SqlLegal`.
 */
export function listedErasures(
  database: IDatabase,
  nowMs: () => number,
  own: ConstructorParameters<typeof SqlLegal>[2],
  stateFolder: string,
  scope?: HubScope
): SqlLegal {
  return new SqlLegal(
    database,
    nowMs,
    own,
    () => keepErasures(database, erasureListPath(stateFolder)),
    scope
  );
}

/**
 * At a start: brings to the list what a service that was killed no longer did.
 *
 * @param complain - told where it cannot: the state folder may be a read-only secret, and the log goes on all the same.
 * @returns deletes personal parts that such a one left behind. It may take its time, and nobody has the keys to them: the log
 * goes on beside it.
 */
export async function resumeErasures(
  database: IDatabase,
  stateFolder: string,
  complain: (error: unknown) => void
): Promise<() => Promise<void>> {
  await keepErasures(database, erasureListPath(stateFolder)).catch(complain);
  return () => new SqlLegal(database, Date.now).finishErasures();
}
