import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { Metrics } from '../metrics.js';
import type { DigestMaker } from './digest-maker.js';

const HOUR_MS = 3_600_000;
/** How often the clock is looked at, in ms: it may step. */
const LOOK_MS = 30_000;

export interface IDigestScheduleOptions {
  readonly maker: DigestMaker;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Told when there are new ones; it must not throw. */
  readonly made?: () => void;
}

/** Has digests made when an hour of the clock has ended, on demand, and at the end. */
export class DigestSchedule {
  constructor(private readonly options: IDigestScheduleOptions) {
    this.hour = this.hourNow();
  }

  start(): void {
    // Nothing is late yet: what was recorded before gets its digest within the hour.
    this.options.metrics.digestsAt.set(this.options.nowMs() / 1000);
    this.timer = setInterval(() => {
      if (this.hourNow() !== this.hour) {
        this.hour = this.hourNow();
        void this.make();
      }
    }, LOOK_MS);
    this.timer.unref();
  }

  /** Makes them now. A failure is told and counted; the next digest covers what this one should have. */
  make(): Promise<void> {
    // One after the other: two at once would want the same number.
    this.making = this.making.then(() => this.tryMake());
    return this.making;
  }

  /** What is still uncovered gets its digest. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.make();
  }

  private async tryMake(): Promise<void> {
    const { maker, metrics, log } = this.options;
    try {
      const digests = await maker.make();
      metrics.digests.inc(digests.length);
      metrics.digestsAt.set(this.options.nowMs() / 1000);
      for (const { body } of digests) {
        log.info(
          { number: body.number, firstIndex: body.firstIndex, count: body.count },
          'A digest was signed.'
        );
      }
      if (digests.length > 0) {
        this.options.made?.();
      }
    } catch (error) {
      metrics.digestFailures.inc();
      log.error({ reason: reasonOf(error) }, 'A digest could not be made.');
    }
  }

  private hourNow(): number {
    return Math.floor(this.options.nowMs() / HOUR_MS);
  }

  private hour: number;
  private making: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
}
