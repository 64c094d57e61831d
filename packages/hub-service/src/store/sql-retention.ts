import { setImmediate } from 'node:timers/promises';
import { actionsOf, type RecordClass } from '@labkeeper/core';
import { RETIRED_RANGES, type RetentionClass } from '@labkeeper/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { IDatabase } from './database.js';
import { heldNow, isElsewhere, type IHeld } from './held.js';
import { noteRetirement, type IRetentionRule } from './note-retirement.js';
import { aloneWithActs } from './own-acts.js';
import { retireRecords } from './retire-records.js';
import type { ITables } from './tables.js';

/** Records of one transaction, at most: with as many ranges its act has room for each. */
const AT_A_TIME = RETIRED_RANGES;
/** Indexes that are looked at in one transaction, at most: records of other classes, and held ones, lie between. */
const WINDOW = 20_000;
/** Looks that are deleted at a time. */
const LOOKS_AT_A_TIME = 2000;
/** Hashes of a digest that is wholly gone stay so long, in ms: an export that has begun may still be at its records. */
const LEAVES_MS = 86_400_000;

/** What one step did. */
export interface IRetentionStep {
  readonly deleted: number;
  /** Nothing is left to do now. */
  readonly isDone: boolean;
}

const DONE: IRetentionStep = { deleted: 0, isDone: true };

/** Deletes records whose time is over, a few at a time, and leaves what proofs need. */
export class SqlRetention {
  /** @param hubId - the hub at which the service's own acts are. */
  constructor(
    private readonly database: IDatabase,
    private readonly hubId: string
  ) {}

  /** The index that digests older than this end before: 0 = there is none so old. */
  async endOfOlder(beforeMs: number): Promise<number> {
    const db = this.database.read;
    const younger = await db
      .selectFrom('digest')
      .select(({ fn }) => fn.min<number | null>('first_index').as('first'))
      .where('closed_at_ms', '>', beforeMs)
      .executeTakeFirstOrThrow();
    if (younger.first !== null) {
      return younger.first;
    }
    const last = await db
      .selectFrom('digest')
      .select(['first_index', 'count'])
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    return last ? last.first_index + last.count : 0;
  }

  /** How many records of a class are below an index, and nobody holds them. */
  async count(name: RecordClass, endIndex: number): Promise<number> {
    const db = this.database.read;
    const held = await heldNow(db);
    let count = 0;
    for (let from = 0; !held.everybodyAt.isAll && from < endIndex; from += WINDOW) {
      const found = await ofClass(db, name, held, from, Math.min(from + WINDOW, endIndex))
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      count += found.count;
      // SQLite answers at once: others would wait until all is counted.
      await setImmediate();
    }
    return count;
  }

  /** How many looks are older. */
  async countLooks(beforeMs: number): Promise<number> {
    const { count } = await this.database.read
      .selectFrom('look')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('at_ms', '<', beforeMs)
      .executeTakeFirstOrThrow();
    return count;
  }

  async noteDue(name: RetentionClass, count: number): Promise<void> {
    await this.database.write
      .updateTable('retention_class')
      .set({ due_count: count })
      .where('class', '=', name)
      .where('wanted_since_ms', 'is not', null)
      .execute();
  }

  /**
   * Deletes the next records of a class in one transaction: all of it, with the act that says so, or nothing. A hold that was
   * set before it is seen by it; one that is being set waits for its end.
   *
   * @param endIndex - of the digests that are old enough, as `endOfOlder` gives it.
   */
  step(name: RecordClass, endIndex: number, rule: IRetentionRule): Promise<IRetentionStep> {
    return aloneWithActs(this.database, async db => {
      const held = await heldNow(db);
      if (held.everybodyAt.isAll) {
        return DONE;
      }
      const from = await this.place(db, name, rule);
      if (from === null) {
        return DONE;
      }
      await this.goneBefore(db, name, rule.beforeMs);
      if (from >= endIndex) {
        await this.moved(db, name, from);
        return DONE;
      }
      const windowEnd = Math.min(from + WINDOW, endIndex);
      const found = await ofClass(db, name, held, from, windowEnd)
        .select(['record.idx', 'record.received_at_ms', 'record.leaf'])
        .orderBy('record.idx')
        .limit(AT_A_TIME)
        .execute();
      if (found.length > 0) {
        await retireRecords(db, this.hubId, name, found, rule);
      }
      const last = found.at(-1);
      const next = found.length === AT_A_TIME && last ? last.idx + 1 : windowEnd;
      await this.moved(db, name, next);
      return { deleted: found.length, isDone: next >= endIndex };
    });
  }

  /** The same for looks. While a hold is on at a hub, whosever, none of that hub is deleted: what somebody read about a case may belong to it. */
  stepLooks(rule: IRetentionRule): Promise<IRetentionStep> {
    return aloneWithActs(this.database, async db => {
      const { somebodyAt } = await heldNow(db);
      if (somebodyAt.isAll) {
        return DONE;
      }
      const isFree = isElsewhere('look.hub', somebodyAt);
      const oldest = await db
        .selectFrom('look')
        .select(['id', 'at_ms'])
        .where(isFree)
        .orderBy('id')
        .limit(LOOKS_AT_A_TIME)
        .execute();
      const young = oldest.findIndex(({ at_ms }) => at_ms >= rule.beforeMs);
      const old = young === -1 ? oldest : oldest.slice(0, young);
      const last = old.at(-1);
      if (last) {
        await db
          .deleteFrom('look')
          .where('id', '<=', last.id)
          .where('at_ms', '<', rule.beforeMs)
          .where(isFree)
          .execute();
        const what = { name: 'looks', ranges: [], count: old.length, digests: null } as const;
        await noteRetirement(db, this.hubId, what, rule);
      }
      await this.goneBefore(db, 'looks', rule.beforeMs);
      return { deleted: old.length, isDone: old.length < LOOKS_AT_A_TIME };
    });
  }

  /** Takes the hashes of digests away of which no record is left, a while after. @returns how many digests. */
  dropLeaves(nowMs: number): Promise<number> {
    return aloneWithActs(this.database, async db => {
      const digests = await db
        .selectFrom('retired_digest')
        .innerJoin('digest', 'digest.number', 'retired_digest.number')
        .select(['digest.number', 'digest.first_index', 'digest.count'])
        .where('retired_digest.at_ms', '<', nowMs - LEAVES_MS)
        .orderBy('digest.number')
        .limit(100)
        .execute();
      for (const { number, first_index, count } of digests) {
        await db
          .updateTable('retired')
          .set({ leaves: null })
          .where('first_idx', '>=', first_index)
          .where('first_idx', '<', first_index + count)
          .execute();
        await db.deleteFrom('retired_digest').where('number', '=', number).execute();
      }
      return digests.length;
    });
  }

  /** Where it was left; from the beginning again where a hold was lifted since. null = the period is another one by now. */
  private async place(
    db: Transaction<ITables>,
    name: RecordClass,
    { days }: IRetentionRule
  ): Promise<number | null> {
    const { newest } = await db
      .selectFrom('legal_act')
      .select(({ fn }) => fn.max<number | null>('id').as('newest'))
      .where('kind', '=', 'lift')
      .executeTakeFirstOrThrow();
    const state = await db
      .selectFrom('retention_class')
      .select(['next_index', 'lifts_seen'])
      .where('class', '=', name)
      .where('in_force_days', '=', days)
      .where('wanted_days', '=', days)
      .executeTakeFirst();
    if (!state) {
      return null;
    }
    if (newest === null || newest <= state.lifts_seen) {
      return state.next_index;
    }
    await db.updateTable('retention_class').set({ lifts_seen: newest }).where('class', '=', name).execute();
    return 0;
  }

  private async moved(db: Transaction<ITables>, name: RetentionClass, next: number): Promise<void> {
    await db.updateTable('retention_class').set({ next_index: next }).where('class', '=', name).execute();
  }

  /** A later and longer period brings nothing back. */
  private async goneBefore(db: Transaction<ITables>, name: RetentionClass, beforeMs: number): Promise<void> {
    await db
      .updateTable('retention_class')
      .set({ gone_before_ms: beforeMs })
      .where('class', '=', name)
      .where(({ eb, or }) => or([eb('gone_before_ms', 'is', null), eb('gone_before_ms', '<', beforeMs)]))
      .execute();
  }
}

/** Records of [from, end) of a class that nobody holds. */
function ofClass(db: Kysely<ITables>, name: RecordClass, held: IHeld, from: number, end: number) {
  const { persons, everybodyAt } = held;
  let found = db
    .selectFrom('record')
    .where('record.idx', '>=', from)
    .where('record.idx', '<', end)
    .where('record.action', 'in', actionsOf(name));
  if (everybodyAt.isFirst || everybodyAt.further.length > 0) {
    found = found.where('record.hub_id', 'in', eb =>
      eb.selectFrom('hub').select('hub.id').where(isElsewhere('hub.name', everybodyAt))
    );
  }
  // Numbers of our own, as they are: an offboarding sets a hold, so there may be thousands.
  return persons.length === 0
    ? found
    : found.where(sql<boolean>`record.person_id not in (${sql.raw(persons.map(Number).join())})`);
}
