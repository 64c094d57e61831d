import type { IRejected } from '@labkeeper/core';
import type { Logger } from 'pino';
import type { IDatabase } from '../store/database.js';
import { SendError } from './failures.js';
import type { Losses } from './losses.js';
import type { LogCursors } from './log-cursors.js';
import type { OutgoingMetrics } from './outgoing-metrics.js';
import { logEnd, readForwarded } from './read-forwarded.js';
import { sendRecords, type ISender, type RecordTarget } from './send-records.js';

export interface IForwardingOptions {
  readonly database: IDatabase;
  readonly cursors: LogCursors;
  readonly losses: Losses;
  readonly sender: ISender;
  readonly metrics: OutgoingMetrics;
  readonly log: Pick<Logger, 'warn'>;
  /** A name that is this replica's alone. */
  readonly lease: string;
}

/** Records of one batch. */
const RECORDS = 500;
/** Batches to one target in one turn. */
const BATCHES = 20;

/** Forwards the log's records in their order, each at least once. */
export class Forwarding {
  constructor(private readonly options: IForwardingOptions) {}

  /** Sends what a target does not have yet, as far as it takes it now. @param isOver - whether to end early. */
  async forward(target: RecordTarget, isOver: () => boolean): Promise<void> {
    const { database, metrics, log, sender, cursors, lease } = this.options;
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
        const records = await readForwarded(database, next, RECORDS, target.names);
        const last = records.at(-1);
        if (!last) {
          break;
        }
        const { hubs } = target;
        const wanted = hubs ? records.filter(({ hub }) => hubs.includes(hub)) : records;
        const rejected =
          wanted.length > 0 ? await sendRecords(target, wanted, sender) : { count: 0, says: null };
        next = last.index + 1;
        if (!(await this.advance(target.name, next, rejected))) {
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

  /** How far it is and what of it was thrown away are one: else what another replica sends again would count twice. */
  private async advance(target: string, next: number, { count, says }: IRejected): Promise<boolean> {
    const { database, cursors, losses, log, lease } = this.options;
    if (count === 0) {
      return cursors.advance(target, lease, next);
    }
    log.warn({ target, count, says }, 'A target threw away records that it was sent.');
    return database.write.transaction().execute(async db => {
      const isOurs = await cursors.advance(target, lease, next, db);
      if (isOurs) {
        await losses.add(target, 'rejected', count, says, db);
      }
      return isOurs;
    });
  }
}
