import type { IDatabase } from '../store/database.js';
import type { ILegal } from '../store/legal.js';
import { erasureListPath, keepErasures } from './erasure-list.js';

/** The same, with every erasure on the list that restores go by. */
export function listedErasures(legal: ILegal, database: IDatabase, stateFolder: string): ILegal {
  return {
    acts: limit => legal.acts(limit),
    holds: () => legal.holds(),
    hold: (actor, user, caseName) => legal.hold(actor, user, caseName),
    lift: (actor, hold) => legal.lift(actor, hold),
    erase: async (actor, user) => {
      const erased = await legal.erase(actor, user);
      await keepErasures(database, erasureListPath(stateFolder));
      return erased;
    }
  };
}
