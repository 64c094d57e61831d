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
      // What the file says wrongly of a hub that is still trusted is told without its name: the hub itself may be well.
      const told = new Set<string | null>();
      for (const { id, kind } of hubs.states()) {
        this.set({ hub: told.has(id) ? '' : (id ?? '') }, kind === 'connected' ? 1 : 0);
        told.add(id);
      }
    }
  });
}
