import type { Kysely } from 'kysely';
import type { IDatabase } from '../store/database.js';
import type { LossKind } from '../store/outgoing-tables.js';
import type { ITables } from '../store/tables.js';

/** What a target did not get. */
export interface ILoss {
  readonly target: string;
  readonly what: LossKind;
  readonly count: number;
  /** The last of it, epoch ms. */
  readonly lastAtMs: number;
  /** What the target said of it, or which records were missing last; null = nothing. */
  readonly says: string | null;
}

/** A loss is told until none was for so long, in ms. */
const KEPT_MS = 30 * 86_400_000;
const SAYS_LENGTH = 500;

/** Counts what targets did not get: one count for all replicas, which outlives them. */
export class Losses {
  /** @param nowMs - epoch ms. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number
  ) {}

  /** @param db - a transaction where it must be one with something else. */
  async add(
    target: string,
    what: LossKind,
    count: number,
    says: string | null = null,
    db: Kysely<ITables> = this.database.write
  ): Promise<void> {
    const told = { last_at_ms: this.nowMs(), says: says?.slice(0, SAYS_LENGTH) ?? null };
    await db
      .insertInto('outgoing_loss')
      .values({ target, what, count, ...told })
      .onConflict(conflict =>
        conflict
          .columns(['target', 'what'])
          .doUpdateSet(eb => ({ count: eb('outgoing_loss.count', '+', count), ...told }))
      )
      .execute();
  }

  async all(): Promise<readonly ILoss[]> {
    return this.database.read
      .selectFrom('outgoing_loss')
      .select(['target', 'what', 'count', 'last_at_ms as lastAtMs', 'says'])
      .orderBy('target')
      .orderBy('what')
      .execute();
  }

  /** Forgets what was long ago. */
  async tidy(): Promise<void> {
    await this.database.write
      .deleteFrom('outgoing_loss')
      .where('last_at_ms', '<', this.nowMs() - KEPT_MS)
      .execute();
  }
}
