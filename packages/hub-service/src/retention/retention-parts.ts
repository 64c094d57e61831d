import type { Registry } from 'prom-client';
import { ShownRetention } from '../store/shown-retention.js';
import { SqlRetention } from '../store/sql-retention.js';
import { Retention, type IRetentionOptions } from './retention.js';
import { RetentionMetrics } from './retention-metrics.js';

export interface IRetentionPartsOptions extends Omit<IRetentionOptions, 'store' | 'metrics'> {
  readonly registry: Registry;
  /** The hub at which the service's own acts are. */
  readonly hubId: string;
}

/** Everything behind the deletion of what is older than its time. */
export function retentionParts({ registry, hubId, ...options }: IRetentionPartsOptions): {
  readonly retention: Retention;
  /** How it stands, for Status. */
  readonly shown: ShownRetention;
} {
  const store = new SqlRetention(options.database, hubId);
  const retention = new Retention({ ...options, store, metrics: new RetentionMetrics(registry) });
  return {
    retention,
    shown: new ShownRetention(options.database, () => options.policy().policy.retention ?? {})
  };
}
