import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { codeOf, reasonOf } from '../failure.js';
import type { IDatabase } from '../store/database.js';
import { SqlPartitions, type IPartitionState } from '../store/sql-partitions.js';
import { PartitionMetrics } from './partition-metrics.js';

/** How often it is looked for months, ms: they are made long before they begin, so that many tries may fail. */
const EVERY_MS = 3_600_000;

/** Why months could not be made: the tables were in use, the database's user may not, or something else. */
export type PartitionTrouble = 'busy' | 'forbidden' | 'other';
const TROUBLES: Readonly<Record<string, PartitionTrouble>> = { '55P03': 'busy', '42501': 'forbidden' };

/** How the months stand, and what went wrong last; null = nothing did. */
export interface IShownPartitions extends IPartitionState {
  readonly trouble: PartitionTrouble | null;
}

export interface IPartitionKeeperOptions {
  readonly database: IDatabase;
  readonly registry: Registry;
  readonly log: Pick<Logger, 'error' | 'warn'>;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** Has months of the log made, at the start and every hour. On SQLite there are none, and it does nothing. */
export class PartitionKeeper {
  constructor(private readonly options: IPartitionKeeperOptions) {
    const { database, registry, nowMs } = options;
    this.metrics = new PartitionMetrics(registry);
    this.partitions =
      database.kind === 'sqlite' ? null : new SqlPartitions(database, nowMs, () => this.isEnding);
  }

  start(): void {
    if (this.partitions) {
      this.timer = setInterval(() => void this.run(), EVERY_MS);
      this.timer.unref();
      void this.run();
    }
  }

  /** Ends when what is under way has. */
  async close(): Promise<void> {
    this.isEnding = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** Does it now. Never throws; a failure is told and counted. */
  run(): Promise<void> {
    this.running = this.running.then(() => this.tryRun());
    return this.running;
  }

  /** null = there are no months. */
  async state(): Promise<IShownPartitions | null> {
    return this.partitions && { ...(await this.partitions.state()), trouble: this.trouble };
  }

  private async tryRun(): Promise<void> {
    const { partitions, metrics } = this;
    const { log } = this.options;
    if (partitions === null || this.isEnding) {
      return;
    }
    try {
      await partitions.keep();
      this.trouble = null;
    } catch (error) {
      this.trouble = TROUBLES[codeOf(error) ?? ''] ?? 'other';
      metrics.failures.inc();
      log.error(
        { reason: reasonOf(error) },
        'Months of the log could not be made; records are kept all the same, and it is tried again within an hour.'
      );
    }
    try {
      const { strays } = await partitions.state();
      metrics.strays.set(strays);
      metrics.trouble.set(strays > 0 || this.trouble !== null ? 1 : 0);
      if (strays > 0) {
        log.warn({ strays }, 'Records lie in no month of their own: a clock may be wrong.');
      }
    } catch (error) {
      metrics.trouble.set(1);
      log.error({ reason: reasonOf(error) }, 'How the months of the log stand could not be read.');
    }
  }

  private readonly metrics: PartitionMetrics;
  private readonly partitions: SqlPartitions | null;
  private trouble: PartitionTrouble | null = null;
  private isEnding = false;
  private running: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
}
