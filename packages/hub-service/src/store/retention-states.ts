import {
  followClock,
  followPolicy,
  KEPT_WITHOUT_END,
  type IClockState,
  type IRetentionState
} from '@labkeeper/core';
import { RetentionClass } from '@labkeeper/protocol';
import type { Kysely } from 'kysely';
import type { IDatabase } from './database.js';
import { aloneWithActs } from './own-acts.js';
import type { ITables } from './tables.js';

/** Days that the policy says for each class; a class that is not named is kept without end. */
export type WantedDays = Readonly<Partial<Record<RetentionClass, number>>>;

/** How one class stands. */
export interface IClassState extends IRetentionState {
  readonly class: RetentionClass;
  /** What the period that waits would delete when it acts; null = none waits, or it is not counted yet. */
  readonly dueCount: number | null;
  /** Only what came before is deleted, or about to be, epoch ms; null = nothing is. */
  readonly goneBeforeMs: number | null;
}

/** How retention stands. */
export interface IRetentionStates {
  /** null = nobody looked yet. */
  readonly clock: IClockState | null;
  readonly classes: readonly IClassState[];
}

/** Reads how retention stands. */
export async function readStates(db: Kysely<ITables>): Promise<IRetentionStates> {
  const clock = await db.selectFrom('retention_clock').selectAll().executeTakeFirst();
  const rows = await db.selectFrom('retention_class').selectAll().execute();
  const states = new Map(
    rows.map(row => [
      row.class,
      {
        class: row.class,
        inForceDays: row.in_force_days,
        wantedDays: row.wanted_days,
        wantedSinceMs: row.wanted_since_ms,
        dueCount: row.due_count,
        goneBeforeMs: row.gone_before_ms
      }
    ])
  );
  return {
    clock: clock
      ? {
          lastMs: clock.last_ms,
          steadySinceMs: clock.steady_since_ms,
          jumpedFromMs: clock.jumped_from_ms
        }
      : null,
    classes: RetentionClass.options.map(
      name => states.get(name) ?? { class: name, ...KEPT_WITHOUT_END, dueCount: null, goneBeforeMs: null }
    )
  };
}

/** Looks at clock and policy, and puts down what follows. @param nowMs - epoch ms. */
export function lookAtStates(
  database: IDatabase,
  wanted: WantedDays,
  nowMs: number
): Promise<{ readonly clock: IClockState; readonly classes: readonly IClassState[] }> {
  return aloneWithActs(database, async db => {
    const before = await readStates(db);
    const clock = followClock(before.clock, nowMs);
    const row = {
      one: 1,
      last_ms: clock.lastMs,
      steady_since_ms: clock.steadySinceMs,
      jumped_from_ms: clock.jumpedFromMs
    };
    await db
      .insertInto('retention_clock')
      .values(row)
      .onConflict(conflict => conflict.column('one').doUpdateSet(row))
      .execute();
    const classes: IClassState[] = [];
    for (const state of before.classes) {
      const wantedDays = wanted[state.class] ?? null;
      const after = followPolicy(state, wantedDays, clock);
      const dueCount =
        after.wantedSinceMs !== null && wantedDays === state.wantedDays ? state.dueCount : null;
      classes.push({ ...state, ...after, dueCount });
      const values = {
        class: state.class,
        in_force_days: after.inForceDays,
        wanted_days: after.wantedDays,
        wanted_since_ms: after.wantedSinceMs,
        due_count: dueCount
      };
      await db
        .insertInto('retention_class')
        .values({ ...values, next_index: 0, lifts_seen: 0, gone_before_ms: null })
        .onConflict(conflict => conflict.column('class').doUpdateSet(values))
        .execute();
    }
    return { clock, classes };
  });
}
