import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { IServerEventWriter } from '../store/server-events.js';
import type { EventMetrics } from './event-metrics.js';

/** How often it is looked for events whose time is over, ms. */
const EVERY_MS = 3_600_000;

export interface IEventPurgeOptions {
  readonly writer: IServerEventWriter;
  readonly metrics: EventMetrics;
  /** How long they are kept, ms: as policy says now. */
  readonly keptMs: () => number;
  readonly log: Pick<Logger, 'info' | 'error'>;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** Deletes events whose time is over. Replicas may do it at once: each deletes what is still there. */
export class EventPurge {
  constructor(private readonly options: IEventPurgeOptions) {}

  start(): void {
    this.timer = setInterval(() => void this.purge(), EVERY_MS);
    this.timer.unref();
    void this.purge();
  }

  /** Ends when the one under way has. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** Does it now. Never throws; a failure is told, and the next look deletes what is left. */
  purge(): Promise<void> {
    this.running = this.running.then(() => this.tryPurge());
    return this.running;
  }

  private async tryPurge(): Promise<void> {
    const { writer, metrics, keptMs, log, nowMs } = this.options;
    try {
      const count = await writer.purge(nowMs() - keptMs());
      metrics.purged.inc(count);
      metrics.purgedAt.set(nowMs() / 1000);
      if (count > 0) {
        log.info({ count }, 'Events whose time is over were deleted.');
      }
    } catch (error) {
      log.error({ reason: reasonOf(error) }, 'Events whose time is over could not be deleted.');
    }
  }

  private running: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
}
