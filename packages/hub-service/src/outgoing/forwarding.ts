import type { IRejected } from '@labkeeper/core';
import type { Logger } from 'pino';
import type { IDatabase } from '../store/database.js';
import { SendError } from './failures.js';
import type { Losses } from './losses.js';
import type { LogCursors } from './log-cursors.js';
import type { OutgoingMetrics } from './outgoing-metrics.js';
import { missingOf, type IMissing } from './missing-loss.js';
import { logEnd, readForwarded } from './read-forwarded.js';
import { sendRecords, type ISender, type RecordTarget } from './send-records.js';

export interface IForwardingOptions {
  readonly database: IDatabase;
  readonly cursors: LogCursors;
  readonly losses: Losses;
  readonly sender: ISender;
  readonly metrics: OutgoingMetrics;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** A name that is this replica's alone. */
  readonly lease: string;
}

/** Records of one batch. */
const RECORDS = 500;
/** Batches to one target in one turn. */
const BATCHES = 20;

/** Forwards the log's records in their order, each at least once. In the place of those that are missing it says so. */
export class Forwarding {
  constructor(private readonly options: IForwardingOptions) {}

  /** Sends what a target does not have yet, as far as it takes it now. @param isOver - whether to end early. */
  async forward(target: RecordTarget, isOver: () => boolean): Promise<void> {
    const { database, metrics, log, sender, cursors, lease, nowMs } = this.options;
    if (await cursors.isThere(target.name, await logEnd(database))) {
      return;
    }
    const from = await cursors.take(target.name, lease, () =>
      target.from === 'beginning' ? Promise.resolve(0) : logEnd(database)
    );
    if (from === null) {
      return;
    }
    let next = from;
    try {
      for (let batch = 0; batch < BATCHES && !isOver(); batch += 1) {
        const range = { from: next, most: RECORDS, hasNames: target.names, nowMs: nowMs() };
        const read = await readForwarded(database, range);
        if (read.next === next) {
          break;
        }
        const { hubs } = target;
        // Of what is not there nobody knows the hub.
        const wanted = hubs
          ? read.items.filter(item => 'hole' in item || hubs.includes(item.hub))
          : read.items;
        const rejected =
          wanted.length > 0 ? await sendRecords(target, wanted, sender) : { count: 0, says: null };
        next = read.next;
        if (!(await this.advance(target.name, next, rejected, missingOf(wanted)))) {
          return;
        }
        metrics.sent.inc({ target: target.name }, wanted.length - rejected.count);
      }
    } catch (error) {
      if (!(error instanceof SendError)) {
        throw error;
      }
      metrics.failures.inc({ target: target.name });
      log.warn({ target: target.name, reason: error.message }, 'Records were not taken.');
      await cursors.failed(target.name, lease, error.message);
      return;
    }
    await cursors.release(target.name, lease);
  }

  /** How far it is and what of it was lost are one: else what another replica sends again would count twice. */
  private async advance(
    target: string,
    next: number,
    rejected: IRejected,
    missing: IMissing
  ): Promise<boolean> {
    const { database, cursors, losses, log, lease } = this.options;
    if (rejected.count > 0) {
      log.warn({ target, ...rejected }, 'A target threw away records that it was sent.');
    }
    if (missing.count > 0) {
      log.error(
        { target, ...missing },
        'Records are missing from the log, and no act of retention deleted them.'
      );
    }
    const lost = (
      [
        ['rejected', rejected],
        ['missing', missing]
      ] as const
    ).filter(([, { count }]) => count > 0);
    if (lost.length === 0) {
      return cursors.advance(target, lease, next);
    }
    return database.write.transaction().execute(async db => {
      const isOurs = await cursors.advance(target, lease, next, db);
      for (const [what, { count, says }] of isOurs ? lost : []) {
        await losses.add(target, what, count, says, db);
      }
      return isOurs;
    });
  }
}
