import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the service counts. No name of anybody is in it. */
export class Metrics {
  constructor(isDefaults: boolean) {
    if (isDefaults) {
      collectDefaultMetrics({ register: this.registry });
    }
  }

  readonly registry = new Registry();
  readonly records = new Counter({
    name: 'labkeeper_audit_records_total',
    help: 'Records that were made durable.',
    registers: [this.registry]
  });
  readonly batches = new Counter({
    name: 'labkeeper_audit_batches_total',
    help: 'Batches by the status that was answered.',
    labelNames: ['status'] as const,
    registers: [this.registry]
  });
  readonly groupSeconds = new Histogram({
    name: 'labkeeper_audit_group_seconds',
    help: 'Time of one transaction that appends a group of batches.',
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry]
  });
  readonly waiting = new Gauge({
    name: 'labkeeper_audit_waiting_records',
    help: 'Records that came and are not durable yet.',
    registers: [this.registry]
  });
  readonly tickets = new Counter({
    name: 'labkeeper_tickets_total',
    help: 'Requests for a ticket by what became of them.',
    labelNames: ['result'] as const,
    registers: [this.registry]
  });
  readonly policyTrouble = new Gauge({
    name: 'labkeeper_policy_trouble',
    help: '1 while the policy file cannot be used, and an earlier policy stays in force.',
    registers: [this.registry]
  });
  readonly polls = new Gauge({
    name: 'labkeeper_polls_held',
    help: 'Companions that wait for news.',
    registers: [this.registry]
  });
  readonly digests = new Counter({
    name: 'labkeeper_audit_digests_total',
    help: 'Digests that this replica signed.',
    registers: [this.registry]
  });
  readonly digestsAt = new Gauge({
    name: 'labkeeper_audit_digest_timestamp_seconds',
    help: 'When everything that was recorded until then had its digest, last.',
    registers: [this.registry]
  });
  readonly digestFailures = new Counter({
    name: 'labkeeper_audit_digest_failures_total',
    help: 'Digests that could not be made.',
    registers: [this.registry]
  });
}
