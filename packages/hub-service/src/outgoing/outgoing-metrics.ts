import { Counter, Gauge, type Registry } from 'prom-client';

/** What is counted of what goes out. Targets' names are the admin's. */
export class OutgoingMetrics {
  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['target'] as const;
    this.sent = new Counter({
      name: 'labkeeper_outgoing_sent_total',
      help: 'Messages and records that a target took.',
      labelNames,
      registers
    });
    this.failures = new Counter({
      name: 'labkeeper_outgoing_failures_total',
      help: 'Tries that failed.',
      labelNames,
      registers
    });
    this.waiting = new Gauge({
      name: 'labkeeper_outgoing_waiting_messages',
      help: 'Messages that wait for a target.',
      labelNames,
      registers
    });
    this.dead = new Gauge({
      name: 'labkeeper_outgoing_dead_messages',
      help: 'Messages that were given up in the last 30 days.',
      labelNames,
      registers
    });
    this.dropped = new Gauge({
      name: 'labkeeper_outgoing_dropped_messages',
      help: 'Messages that were not put down, because too many waited, until none was for 30 days.',
      labelNames,
      registers
    });
    this.rejected = new Gauge({
      name: 'labkeeper_outgoing_rejected_records',
      help: 'Records that a target took with others and threw away, until it did not for 30 days.',
      labelNames,
      registers
    });
    this.missing = new Gauge({
      name: 'labkeeper_outgoing_missing_records',
      help: 'Records that were not in the log when a target was to have them, and that no act deleted, until none was for 30 days.',
      labelNames,
      registers
    });
    this.lag = new Gauge({
      name: 'labkeeper_outgoing_lag_records',
      help: 'Records of the log that a target does not have yet.',
      labelNames,
      registers
    });
  }

  readonly sent: Counter<'target'>;
  readonly failures: Counter<'target'>;
  readonly waiting: Gauge<'target'>;
  readonly dead: Gauge<'target'>;
  readonly dropped: Gauge<'target'>;
  readonly rejected: Gauge<'target'>;
  readonly missing: Gauge<'target'>;
  readonly lag: Gauge<'target'>;
}
