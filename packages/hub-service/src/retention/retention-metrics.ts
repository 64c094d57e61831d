import { Counter, Gauge, type Registry } from 'prom-client';

/** What is counted of retention. */
export class RetentionMetrics {
  readonly deleted;
  readonly lookedAt;

  constructor(registry: Registry) {
    this.deleted = new Counter({
      name: 'labkeeper_retention_deleted_total',
      help: 'Records and looks that this replica deleted because their time was over.',
      labelNames: ['class'] as const,
      registers: [registry]
    });
    this.lookedAt = new Gauge({
      name: 'labkeeper_retention_timestamp_seconds',
      help: 'When this replica last deleted all whose time was over, as far as it may.',
      registers: [registry]
    });
  }
}
