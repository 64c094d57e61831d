import type { Kysely } from 'kysely';
import type { IDatabase } from '../store/database.js';
import type { ITables } from '../store/tables.js';

/** Somebody who follows the log and ended has no more to say after so long, in ms. */
const LEASE_MS = 30_000;
/** Pauses after failures, in ms: nothing is given up, because records wait in the log. */
const PAUSE_MS = { first: 2000, longest: 300_000 } as const;
const TROUBLE_LENGTH = 500;

/** How far the log was followed, for each target: in the database, so that another replica, or another start, goes on there. */
export class LogCursors {
  /** @param nowMs - epoch ms. @param random - from 0 up to 1. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number,
    private readonly random: () => number
  ) {}

  /** Whether there is nothing for a target below `end`, without writing anything. */
  async isThere(target: string, end: number): Promise<boolean> {
    const found = await this.database.read
      .selectFrom('outgoing_cursor')
      .select('next_index')
      .where('target', '=', target)
      .executeTakeFirst();
    return found !== undefined && found.next_index >= end;
  }

  /** The next who follows under this name begins anew. */
  async forget(target: string): Promise<void> {
    await this.database.write.deleteFrom('outgoing_cursor').where('target', '=', target).execute();
  }

  /** Takes a target's place for this replica. @param begin - of a target that is new. @returns null = another has it, or it rests. */
  async take(target: string, lease: string, begin: () => Promise<number>): Promise<number | null> {
    const nowMs = this.nowMs();
    const db = this.database.write;
    const take = () =>
      db
        .updateTable('outgoing_cursor')
        .set({ lease, next_at_ms: nowMs + LEASE_MS })
        .where('target', '=', target)
        .where(eb => eb.or([eb('next_at_ms', '<=', nowMs), eb('lease', '=', lease)]))
        .returning('next_index')
        .executeTakeFirst();
    const taken = await take();
    if (taken) {
      return taken.next_index;
    }
    await db
      .insertInto('outgoing_cursor')
      .values({
        ...{ target, lease: null, attempts: 0, next_at_ms: nowMs, sent_at_ms: null, trouble: null },
        next_index: await begin()
      })
      .onConflict(conflict => conflict.doNothing())
      .execute();
    return (await take())?.next_index ?? null;
  }

  /**
   * Everything below `next` was sent. The place stays taken.
   *
   * @returns false = another replica has taken over meanwhile.
   */
  async advance(
    target: string,
    lease: string,
    next: number,
    db: Kysely<ITables> = this.database.write
  ): Promise<boolean> {
    const nowMs = this.nowMs();
    const { numUpdatedRows } = await db
      .updateTable('outgoing_cursor')
      .set({ next_index: next, attempts: 0, trouble: null, sent_at_ms: nowMs, next_at_ms: nowMs + LEASE_MS })
      .where('target', '=', target)
      .where('lease', '=', lease)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  }

  /** The place is free again. */
  async release(target: string, lease: string): Promise<void> {
    await this.database.write
      .updateTable('outgoing_cursor')
      .set({ lease: null, next_at_ms: this.nowMs() })
      .where('target', '=', target)
      .where('lease', '=', lease)
      .execute();
  }

  /** It rests, longer after each failure. */
  async failed(target: string, lease: string, message: string): Promise<void> {
    const found = await this.database.write
      .selectFrom('outgoing_cursor')
      .select('attempts')
      .where('target', '=', target)
      .executeTakeFirst();
    const attempts = (found?.attempts ?? 0) + 1;
    const bound = Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** Math.min(attempts - 1, 20));
    await this.database.write
      .updateTable('outgoing_cursor')
      .set({
        ...{ attempts, lease: null, trouble: message.slice(0, TROUBLE_LENGTH) },
        next_at_ms: Math.ceil(this.nowMs() + (bound * (1 + this.random())) / 2)
      })
      .where('target', '=', target)
      .where('lease', '=', lease)
      .execute();
  }
}
