import { setTimeout } from 'node:timers/promises';
import { actsAtMs, deletesFromMs, RECORD_CLASSES, type IClockState, type RecordClass } from '@labkeeper/core';
import { periodDays, RetentionClass, type PolicyRetention } from '@labkeeper/protocol';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import { ADVISORY_LOCKS } from '../store/advisory-locks.js';
import { reasonOf } from '../failure.js';
import type { IActivePolicy } from '../policy/policy-in-force.js';
import type { IDatabase } from '../store/database.js';
import type { OwnActs } from '../store/own-acts.js';
import { lookAtStates, type IClassState, type WantedDays } from '../store/retention-states.js';
import type { IRetentionRule } from '../store/note-retirement.js';
import type { IRetentionStep, SqlRetention } from '../store/sql-retention.js';
import type { RetentionMetrics } from './retention-metrics.js';

const DAY_MS = 86_400_000;
/** How often it is looked, ms. More seldom than `JUMP_MS`, a look that is missing would pass for a jump of the clock. */
const EVERY_MS = 3_600_000;
/** After each step it rests for so many times as long as that took, and at least so many ms: others write between. */
const REST = { times: 4, leastMs: 50 } as const;
/** So long it deletes at a time, ms: the next look goes on, and the clock is looked at in between. */
const RUN_MS = 2_700_000;
/**
 * And so many records and looks of all classes at a time, whatever is due: 24 million in a day, more than ten thousand servers
 * send. A period that became shorter by years must not fill the write-ahead log, and keep vacuum and backups busy, for days.
 */
const RUN_RECORDS = 1_000_000;
/** Number of PostgreSQL's advisory lock for "deletes by retention": any, but always the same. */
const RETENTION_LOCK = ADVISORY_LOCKS.retention;

export interface IRetentionOptions {
  readonly database: IDatabase;
  readonly store: SqlRetention;
  readonly acts: Pick<OwnActs, 'flush'>;
  /** The policy that holds now. */
  readonly policy: () => IActivePolicy;
  readonly metrics: RetentionMetrics;
  readonly log: Pick<Logger, 'info' | 'error'>;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** Waits between steps, ms; the usual unless given. */
  readonly rest?: (ms: number) => Promise<unknown>;
  /** Records and looks that are deleted at a time, but for the rest of a step; the usual unless given. */
  readonly runRecords?: number;
}

/** How far one look goes. */
interface IBound {
  /** By the clock that only grows. */
  readonly untilMs: number;
  readonly records: number;
}

/** Deletes what is older than the policy says, of several replicas one at a time. */
export class Retention {
  constructor(private readonly options: IRetentionOptions) {}

  start(): void {
    this.timer = setInterval(() => void this.run(), EVERY_MS);
    this.timer.unref();
    void this.run();
  }

  /** Ends when the step under way has; the next start goes on from there. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    this.ending.abort();
    await this.running;
  }

  /** Does now what there is to do. Never throws; a failure is told, and the next look goes on. */
  run(): Promise<void> {
    this.running = this.running.then(() => this.tryRun());
    return this.running;
  }

  private async tryRun(): Promise<void> {
    const { log, metrics, nowMs } = this.options;
    if (this.isClosed) {
      return;
    }
    try {
      if (await this.alone(() => this.look())) {
        metrics.lookedAt.set(nowMs() / 1000);
      }
    } catch (error) {
      log.error({ reason: reasonOf(error) }, 'What is older than its time could not be deleted.');
    }
  }

  /** @returns false = another replica is at it. */
  private async alone(look: () => Promise<void>): Promise<boolean> {
    const { database } = this.options;
    if (database.kind === 'sqlite') {
      await look();
      return true;
    }
    // A session's lock: it is free when this process ends, however it does.
    return database.write.connection().execute(async db => {
      const { rows } = await sql<{
        locked: boolean;
      }>`select pg_try_advisory_lock(${RETENTION_LOCK}) as locked`.execute(db);
      if (rows[0]?.locked !== true) {
        return false;
      }
      try {
        await look();
      } finally {
        await sql`select pg_advisory_unlock(${RETENTION_LOCK})`.execute(db);
      }
      return true;
    });
  }

  private async look(): Promise<void> {
    const { database, store, nowMs } = this.options;
    const { policy, digest } = this.options.policy();
    const [atMs, untilMs] = [nowMs(), this.options.monotonicMs() + RUN_MS];
    const { clock, classes } = await lookAtStates(database, wantedDays(policy.retention), atMs);
    let records = this.options.runRecords ?? RUN_RECORDS;
    for (const state of classes) {
      if (state.wantedSinceMs !== null) {
        await this.count(state, clock);
      } else if (state.inForceDays !== null && atMs >= deletesFromMs(clock)) {
        const { inForceDays: days } = state;
        const rule = policy.retention?.[state.class] ?? '';
        const beforeMs = atMs - days * DAY_MS;
        records -= await this.delete(
          state.class,
          { rule, days, atMs, policy: digest, beforeMs },
          { untilMs, records }
        );
      }
    }
    while (!this.isClosed && (await store.dropLeaves(atMs)) > 0) {
      await this.rest(REST.leastMs);
    }
  }

  /** What a period that waits would delete, for Status. */
  private async count(state: IClassState, clock: IClockState): Promise<void> {
    const { store } = this.options;
    const { class: name, wantedDays: days } = state;
    const beforeMs = actsAtMs(state, clock) - (days ?? 0) * DAY_MS;
    const count = isRecords(name)
      ? await store.count(name, await store.endOfOlder(beforeMs))
      : await store.countLooks(beforeMs);
    await store.noteDue(name, count);
  }

  /** @returns how many. */
  private async delete(name: RetentionClass, rule: IRetentionRule, bound: IBound): Promise<number> {
    const { store, acts, log, metrics, monotonicMs } = this.options;
    const endIndex = isRecords(name) ? await store.endOfOlder(rule.beforeMs) : 0;
    let deleted = 0;
    for (let isDone = false; !isDone && deleted < bound.records && this.goesOn(rule, bound.untilMs);) {
      const beginMs = monotonicMs();
      const step: IRetentionStep = isRecords(name)
        ? await store.step(name, endIndex, rule)
        : await store.stepLooks(rule);
      if (step.deleted > 0) {
        await acts.flush();
        metrics.deleted.inc({ class: name }, step.deleted);
      }
      ({ isDone } = step);
      deleted += step.deleted;
      if (!isDone) {
        await this.rest(Math.max(REST.leastMs, REST.times * (monotonicMs() - beginMs)));
      }
    }
    if (deleted > 0) {
      log.info({ class: name, deleted, rule: rule.rule }, 'What was older than its time was deleted.');
    }
    return deleted;
  }

  private goesOn({ policy }: IRetentionRule, untilMs: number): boolean {
    const { monotonicMs } = this.options;
    return !this.isClosed && this.options.policy().digest === policy && monotonicMs() < untilMs;
  }

  private async rest(ms: number): Promise<void> {
    const {
      rest = (time: number) => setTimeout(time, undefined, { ref: false, signal: this.ending.signal })
    } = this.options;
    try {
      await rest(ms);
    } catch (error) {
      if (!this.ending.signal.aborted) {
        throw error;
      }
    }
  }

  private readonly ending = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
}

/** Days of each class that the policy names; what a policy says was checked when it was read. */
export function wantedDays(retention: PolicyRetention | undefined): WantedDays {
  return Object.fromEntries(
    RetentionClass.options.flatMap(name => {
      const period = retention?.[name];
      const days = period === undefined ? null : periodDays(period);
      return days === null ? [] : [[name, days]];
    })
  );
}

function isRecords(name: RetentionClass): name is RecordClass {
  return RECORD_CLASSES.some(one => one === name);
}
