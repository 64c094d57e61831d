import { setTimeout } from 'node:timers/promises';
import type { Appended, IIncomingBatch, ILogWriter } from '../store/log-writer.js';
import { isDataError } from '../store/data-error.js';

/** Too much waits already: later. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

export interface IGroupCommitOptions {
  readonly writer: ILogWriter;
  /** Records of one transaction, at most; a batch that has more goes alone. */
  readonly groupRecords: number;
  /** Records that wait, at most. */
  readonly waitingRecords: number;
  /** A group is durable. @param took - ms. */
  readonly committed: (records: number, tookMs: number) => void;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** From the start of a group to that of the next, in ms, unless more waits than one group takes; absent = 0. */
  readonly paceMs?: number;
}

/**
 * Appends batches in groups: one transaction is under way, what comes meanwhile goes with the next. So the cost of a sync
 * is shared when there is much to share it. A pace lets what trickles in share it too: a batch that comes after a rest does
 * not wait, the next ones of thousands of companions wait a moment for each other.
 */
export class GroupCommit {
  constructor(private readonly options: IGroupCommitOptions) {}

  /** Records that wait or are on their way. */
  get waiting(): number {
    return this.waitingRecords;
  }

  /**
   * Durable when it resolves.
   *
   * @throws QueueFullError, or what the database said. Then it is open whether it was stored: the head tells.
   */
  append(batch: IIncomingBatch): Promise<Appended> {
    if (this.waitingRecords + batch.records.length > this.options.waitingRecords) {
      return Promise.reject(new QueueFullError('Too many records wait to be stored.'));
    }
    return new Promise((resolve, reject) => {
      this.waitingRecords += batch.records.length;
      this.queue.push({ batch, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    // Lets the caller finish: what comes in one turn goes together.
    await Promise.resolve();
    while (this.queue.length > 0) {
      await this.rest();
      const group = this.take();
      await this.commit(group);
      this.waitingRecords -= recordsOf(group);
    }
    this.running = null;
  }

  private async rest(): Promise<void> {
    const { groupRecords, monotonicMs, paceMs = 0 } = this.options;
    const restMs = this.beganAtMs + paceMs - monotonicMs();
    if (restMs > 0 && this.waitingRecords < groupRecords) {
      await setTimeout(restMs);
    }
    this.beganAtMs = monotonicMs();
  }

  private take(): readonly IWaiting[] {
    let records = 0;
    let batches = 0;
    for (const { batch } of this.queue) {
      records += batch.records.length;
      if (batches > 0 && records > this.options.groupRecords) {
        break;
      }
      batches += 1;
    }
    return this.queue.splice(0, batches);
  }

  private async commit(group: readonly IWaiting[]): Promise<void> {
    const { writer, committed, monotonicMs } = this.options;
    const beganAtMs = monotonicMs();
    try {
      const appended = await writer.append(group.map(({ batch }) => batch));
      committed(recordsOf(group), monotonicMs() - beganAtMs);
      group.forEach(({ resolve, reject }, i) => {
        const answer = appended[i];
        if (answer) {
          resolve(answer);
        } else {
          reject(new Error('The log did not say what became of a batch.'));
        }
      });
    } catch (error) {
      if (group.length > 1 && isDataError(error)) {
        // One of them holds something that the database does not take. The others must not suffer for it.
        for (const one of group) {
          await this.commit([one]);
        }
      } else {
        group.forEach(({ reject }) => reject(error));
      }
    }
  }

  private readonly queue: IWaiting[] = [];
  private waitingRecords = 0;
  /** When the last group began. */
  private beganAtMs = Number.NEGATIVE_INFINITY;
  private running: Promise<void> | null = null;
}

interface IWaiting {
  readonly batch: IIncomingBatch;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

function recordsOf(group: readonly IWaiting[]): number {
  return group.reduce((sum, { batch }) => sum + batch.records.length, 0);
}
