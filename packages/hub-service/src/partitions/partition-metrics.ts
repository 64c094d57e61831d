import { Counter, Gauge, type Registry } from 'prom-client';

/** How the months of the log stand; all 0 on SQLite, which has none. */
export class PartitionMetrics {
  constructor(registry: Registry) {
    const registers = [registry];
    this.strays = new Gauge({
      name: 'labkeeper_partition_default_records',
      help: 'Records that lie in no month of their own, up to 10,000.',
      registers
    });
    this.failures = new Counter({
      name: 'labkeeper_partition_failures_total',
      help: 'Tries to make months of the log that failed.',
      registers
    });
    this.trouble = new Gauge({
      name: 'labkeeper_partition_trouble',
      help: '1 while records lie in no month of their own, or months could not be made.',
      registers
    });
  }

  readonly strays: Gauge;
  readonly failures: Counter;
  readonly trouble: Gauge;
}
