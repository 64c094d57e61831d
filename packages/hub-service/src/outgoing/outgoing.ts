import { randomUUID } from 'node:crypto';
import type { Announcement, OutgoingTarget } from '@labkeeper/protocol';
import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { IDatabase } from '../store/database.js';
import type { LossKind } from '../store/outgoing-tables.js';
import { Announcer } from './announcer.js';
import { SendError } from './failures.js';
import { Forwarding } from './forwarding.js';
import { Losses } from './losses.js';
import { LogCursors } from './log-cursors.js';
import { MessageQueue, type IAgain, type IMessagePlace } from './message-queue.js';
import type { OutgoingMetrics } from './outgoing-metrics.js';
import { outgoingState, type IOutgoingState } from './outgoing-state.js';
import { sendMessage, type MessageTarget } from './send-message.js';
import type { ISender } from './send-records.js';

export interface IOutgoingOptions {
  readonly database: IDatabase;
  readonly sender: ISender;
  /** Those of the policy in force. */
  readonly targets: () => readonly OutgoingTarget[];
  readonly metrics: OutgoingMetrics;
  readonly log: Pick<Logger, 'warn' | 'error' | 'info'>;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** How often it is looked for something to send, in ms; the usual unless given. */
  readonly everyMs?: number;
}

const EVERY_MS = 2000;
const TIDY_MS = 600_000;
/** How often the queue is counted: its table may be long. */
const MEASURE_MS = 60_000;
/** Messages that are sent to one target at the same time. */
const MESSAGES = 8;
/** As many, so often, to one target in one turn. */
const ROUNDS = 20;
/** Sends what the policy names targets for: announcements from a queue, and the log's records in their order. */
export class Outgoing {
  private readonly queue: MessageQueue;
  private readonly losses: Losses;

  constructor(private readonly options: IOutgoingOptions) {
    const { database, nowMs } = options;
    this.losses = new Losses(database, nowMs);
    this.queue = new MessageQueue(database, nowMs, Math.random, this.losses);
    const cursors = new LogCursors(database, nowMs, Math.random);
    const { lease, queue } = this;
    this.forwarding = new Forwarding({ ...options, cursors, losses: this.losses, lease });
    this.announcer = new Announcer({ ...options, cursors, queue, losses: this.losses, lease });
  }

  start(): void {
    this.plan(0);
  }

  /** Ends when what is under way has. What is not sent waits in the database. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    await this.settled();
  }

  /**
   * Tells the targets that want it. Durable when it resolves; it is sent later.
   *
   * @param place - what keeps it in order, and from being sent twice where several replicas announce the same.
   */
  async announce(announcement: Announcement, place: IMessagePlace): Promise<void> {
    await this.queue.put(this.wanting(announcement.type, announcement.data.hub), announcement, place);
  }

  async state(): Promise<IOutgoingState> {
    return outgoingState(this.options.database, this.options.targets(), await this.losses.all());
  }

  /** Messages that were given up are tried again, one or all of a target. @returns how many. */
  again(which: IAgain): Promise<number> {
    return this.queue.again(
      which,
      this.options.targets().map(({ name }) => name)
    );
  }

  /** One turn, one thing after the other: everything that is due now. */
  async turn(): Promise<void> {
    for (const begin of [this.beginLook, this.beginTargets, this.beginMeasure]) {
      begin.call(this);
      await this.settled();
    }
  }

  private beginLook(): void {
    this.begin('labkeeper:announcer', () => this.announcer.look(hub => this.wanting('install.blocked', hub)));
  }

  private beginTargets(): void {
    for (const target of this.options.targets()) {
      this.begin(target.name, () =>
        target.kind === 'syslog' || target.kind === 'otlp'
          ? this.forwarding.forward(target, () => this.isClosed)
          : this.deliver(target)
      );
    }
  }

  private beginMeasure(): void {
    this.begin('labkeeper:state', () => this.measure());
  }

  /** Unless it is under way still: nothing waits for a target that is slow but what is for it. */
  private begin(what: string, act: () => Promise<void>): void {
    if (!this.underWay.has(what)) {
      this.underWay.set(
        what,
        this.safely(what, act).finally(() => this.underWay.delete(what))
      );
    }
  }

  private async settled(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  private plan(ms: number): void {
    if (this.isClosed) {
      return;
    }
    this.timer = setTimeout(() => {
      this.beginLook();
      this.beginTargets();
      this.beginMeasure();
      this.plan(this.options.everyMs ?? EVERY_MS);
    }, ms).unref();
  }

  /** A failure of the database or of one target is no other's. */
  private async safely(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.options.log.error({ target: what, reason: reasonOf(error) }, 'Something could not be sent.');
    }
  }

  private async deliver(target: MessageTarget): Promise<void> {
    let taken = MESSAGES;
    for (let round = 0; round < ROUNDS && taken === MESSAGES && !this.isClosed; round += 1) {
      const messages = await this.queue.take(target.name, this.lease, MESSAGES);
      taken = messages.length;
      await Promise.all(messages.map(message => this.tryMessage(target, message)));
    }
  }

  private async tryMessage(
    target: MessageTarget,
    message: Awaited<ReturnType<MessageQueue['take']>>[number]
  ): Promise<void> {
    const { metrics, log, nowMs } = this.options;
    try {
      if (message.announcement === null) {
        throw new SendError('Another version of Labkeeper wrote this message.', null, true);
      }
      await sendMessage(target, message.messageId, message.announcement, nowMs());
    } catch (error) {
      const failure = sendErrorOf(error);
      metrics.failures.inc({ target: target.name });
      const isDead = await this.queue.failed(message, this.lease, failure);
      log.warn({ target: target.name, reason: failure.message, isDead }, 'A message was not taken.');
      return;
    }
    await this.queue.sent(message.id, this.lease);
    metrics.sent.inc({ target: target.name });
  }

  private async measure(): Promise<void> {
    const { metrics, nowMs, targets } = this.options;
    if (nowMs() - this.tidiedAtMs >= TIDY_MS) {
      this.tidiedAtMs = nowMs();
      await this.queue.tidy(targets().map(({ name }) => name));
      await this.losses.tidy();
    }
    if (targets().length === 0 || nowMs() - this.measuredAtMs < MEASURE_MS) {
      return;
    }
    this.measuredAtMs = nowMs();
    const state = await this.state();
    for (const { name, waiting, dead, lag, losses } of state.targets) {
      metrics.waiting.set({ target: name }, waiting);
      metrics.dead.set({ target: name }, dead);
      const lost = (kind: LossKind): number => losses.find(({ what }) => what === kind)?.count ?? 0;
      metrics.dropped.set({ target: name }, lost('dropped'));
      metrics.rejected.set({ target: name }, lost('rejected'));
      metrics.missing.set({ target: name }, lost('missing'));
      if (lag !== null) {
        metrics.lag.set({ target: name }, lag);
      }
    }
  }

  /** @param hub - where it happens; null = anywhere. */
  private wanting(type: Announcement['type'], hub: string | null): readonly string[] {
    return this.options
      .targets()
      .flatMap(target =>
        (target.kind === 'webhook' || target.kind === 'slack') &&
        (target.send?.includes(type) ?? true) &&
        (hub === null || (target.hubs?.includes(hub) ?? true))
          ? [target.name]
          : []
      );
  }

  private readonly forwarding: Forwarding;
  private readonly announcer: Announcer;
  /** This replica, in this run of it. */
  private readonly lease = randomUUID();
  private readonly underWay = new Map<string, Promise<void>>();
  private measuredAtMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private tidiedAtMs = 0;
  private isClosed = false;
}

/** What a target's file or address has wrong is a failure like others; what is a mistake of ours is too, and said. */
function sendErrorOf(error: unknown): SendError {
  return error instanceof SendError
    ? error
    : new SendError(`It could not be sent: ${reasonOf(error)}.`, null, false, { cause: error });
}
