import { randomUUID } from 'node:crypto';
import { outgoingPauseMs } from '@labkeeper/core';
import { Announcement, parseShape } from '@labkeeper/protocol';
import type { Kysely } from 'kysely';
import type { IDatabase } from '../store/database.js';
import type { ITables } from '../store/tables.js';
import type { SendError } from './failures.js';
import type { Losses } from './losses.js';

/** A message that is this replica's to try. */
export interface ITakenMessage {
  readonly id: number;
  readonly messageId: string;
  /** null = it cannot be read: another version wrote it. */
  readonly announcement: Announcement | null;
  readonly attempts: number;
}

/** Messages that were given up: one by its number, or those of a target. */
export type IAgain = { readonly message: number } | { readonly target: string };

/** Where a message stands among others. */
export interface IMessagePlace {
  /** Of messages with the same key a later one waits for the earlier, such as those of one request. */
  readonly orderKey: string;
  /** A message with a key that a target had before is not sent again, such as `request:ID:VERSION`. */
  readonly onceKey: string;
}

/** A replica that took a message and ended has no more to say about it after so long, in ms. */
export const MESSAGE_LEASE_MS = 30_000;
/** Messages that wait for one target, at most: a target that is away for weeks fills no disk. */
export const WAITING = 10_000;
/** What was sent is remembered so long, and what was given up, in ms. */
const KEPT_MS = { sent: 7 * 86_400_000, dead: 30 * 86_400_000 } as const;
/** Messages that are sent again at once, at most. */
export const AGAIN = 1000;
const TROUBLE_LENGTH = 500;

/** The queue of messages in the database: each is taken by one replica at a time, and tried until it is sent or given up. */
export class MessageQueue {
  /** @param nowMs - epoch ms. @param random - from 0 up to 1. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number,
    private readonly random: () => number,
    private readonly losses: Losses
  ) {}

  /**
   * Puts an announcement down for targets. Durable when its transaction is.
   *
   * @param db - a transaction where it must be one with something else.
   */
  async put(
    targets: readonly string[],
    announcement: Announcement,
    { orderKey, onceKey }: IMessagePlace,
    db: Kysely<ITables> = this.database.write
  ): Promise<void> {
    const { hub, user: person } = announcement.data;
    const atMs = this.nowMs();
    for (const target of targets) {
      const { count } = await db
        .selectFrom('outgoing_message')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('target', '=', target)
        .where('state', '=', 'waiting')
        .executeTakeFirstOrThrow();
      if (Number(count) >= WAITING) {
        await this.losses.add(target, 'dropped', 1, null, db);
        continue;
      }
      await db
        .insertInto('outgoing_message')
        .values({
          target,
          message_id: `msg_${randomUUID()}`,
          ...{ order_key: orderKey, once_key: onceKey },
          body: JSON.stringify(announcement),
          ...{ hub, person },
          ...{ at_ms: atMs, attempts: 0, next_at_ms: atMs, lease: null },
          ...{ state: 'waiting', done_at_ms: null, trouble: null }
        })
        .onConflict(conflict => conflict.columns(['target', 'once_key']).doNothing())
        .execute();
    }
  }

  /** The next messages for a target that nobody else tries. @param lease - a name that is this replica's alone. */
  async take(target: string, lease: string, most: number): Promise<readonly ITakenMessage[]> {
    const nowMs = this.nowMs();
    const rows = await this.database.write.transaction().execute(async db => {
      const due = db
        .selectFrom('outgoing_message as m')
        .select('m.id')
        .where('m.target', '=', target)
        .where('m.state', '=', 'waiting')
        .where('m.next_at_ms', '<=', nowMs)
        // Of a matter the first alone. Asked so, it is looked up behind an index for each that is due, whatever the database
        // believes of their number; a join would compare all of one matter with each other.
        .where('m.id', '=', ({ selectFrom }) =>
          selectFrom('outgoing_message as e')
            .select(({ fn }) => fn.min<number>('e.id').as('first'))
            .whereRef('e.target', '=', 'm.target')
            .whereRef('e.order_key', '=', 'm.order_key')
            .where('e.state', '=', 'waiting')
        )
        .orderBy('m.id')
        .limit(most);
      const ids = await (this.database.kind === 'postgres' ? due.forUpdate('m').skipLocked() : due).execute();
      if (ids.length === 0) {
        return [];
      }
      return db
        .updateTable('outgoing_message')
        .set(eb => ({ lease, next_at_ms: nowMs + MESSAGE_LEASE_MS, attempts: eb('attempts', '+', 1) }))
        .where(
          'id',
          'in',
          ids.map(({ id }) => id)
        )
        .returning(['id', 'message_id', 'body', 'attempts'])
        .execute();
    });
    return rows
      .map(({ id, message_id, body, attempts }) => ({
        ...{ id, attempts, messageId: message_id },
        announcement: parseShape(Announcement, body)
      }))
      .sort((a, b) => a.id - b.id);
  }

  /** It was sent. */
  async sent(id: number, lease: string): Promise<void> {
    await this.end(id, lease, 'sent', null);
  }

  /** It was not: it is tried again later, or given up. @returns whether it was given up. */
  async failed({ id, attempts }: ITakenMessage, lease: string, error: SendError): Promise<boolean> {
    const trouble = error.message.slice(0, TROUBLE_LENGTH);
    const pauseMs = error.isFinal ? null : outgoingPauseMs(attempts, this.random(), error.retryAfterMs);
    if (pauseMs === null) {
      await this.end(id, lease, 'dead', trouble);
      return true;
    }
    await this.database.write
      .updateTable('outgoing_message')
      .set({ lease: null, next_at_ms: Math.ceil(this.nowMs() + pauseMs), trouble })
      .where('id', '=', id)
      .where('lease', '=', lease)
      .execute();
    return false;
  }

  /**
   * Messages that were given up wait again, with all their tries.
   *
   * @param which - of a target the newest, `AGAIN` at most.
   * @param targets - of the policy: for others nothing would be sent.
   * @returns how many.
   */
  async again(which: IAgain, targets: readonly string[]): Promise<number> {
    if (targets.length === 0) {
      return 0;
    }
    const nowMs = this.nowMs();
    return this.database.write.transaction().execute(async db => {
      const dead = db
        .selectFrom('outgoing_message')
        .select('id')
        .where('state', '=', 'dead')
        .where('target', 'in', targets);
      const found = await (
        'message' in which
          ? dead.where('id', '=', which.message)
          : dead.where('target', '=', which.target).orderBy('id', 'desc').limit(AGAIN)
      ).execute();
      if (found.length === 0) {
        return 0;
      }
      const { numUpdatedRows } = await db
        .updateTable('outgoing_message')
        .set({
          state: 'waiting',
          attempts: 0,
          next_at_ms: nowMs,
          lease: null,
          done_at_ms: null,
          trouble: null
        })
        .where(
          'id',
          'in',
          found.map(({ id }) => id)
        )
        // Somebody may have clicked at the same time.
        .where('state', '=', 'dead')
        .executeTakeFirstOrThrow();
      return Number(numUpdatedRows);
    });
  }

  /** Forgets what is long done, and gives up what no target of the policy wants any more. */
  async tidy(targets: readonly string[]): Promise<void> {
    const nowMs = this.nowMs();
    const db = this.database.write;
    for (const state of ['sent', 'dead'] as const) {
      await db
        .deleteFrom('outgoing_message')
        .where('state', '=', state)
        .where('done_at_ms', '<', nowMs - KEPT_MS[state])
        .execute();
    }
    const lost = db
      .updateTable('outgoing_message')
      .set({ state: 'dead', done_at_ms: nowMs, trouble: 'The policy has no target of this name any more.' })
      .where('state', '=', 'waiting')
      .where('at_ms', '<', nowMs - 86_400_000);
    await (targets.length === 0 ? lost : lost.where('target', 'not in', targets)).execute();
  }

  private async end(
    id: number,
    lease: string,
    state: 'sent' | 'dead',
    trouble: string | null
  ): Promise<void> {
    await this.database.write
      .updateTable('outgoing_message')
      .set({ state, trouble, lease: null, done_at_ms: this.nowMs() })
      .where('id', '=', id)
      .where('lease', '=', lease)
      .execute();
  }
}
