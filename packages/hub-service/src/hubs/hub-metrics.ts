import { Gauge, type Registry } from 'prom-client';
import type { Hubs } from './hubs.js';

/** Which hubs answer, as the last reading of their running servers went. */
export function hubMetrics(registry: Registry, hubs: Hubs): void {
  new Gauge({
    name: 'labkeeper_hub_connected',
    help: '1 while a hub says which of its servers run; 0 while it lags, or does not let the service in.',
    labelNames: ['hub'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const { id, kind } of hubs.states()) {
        this.set({ hub: id ?? '' }, kind === 'connected' ? 1 : 0);
      }
    }
  });
}
