import { PROTOCOL } from '@labkeeper/protocol';
import type { Parts } from './parts.js';

/** The answer of GET /health. @param uptimeMs - of this companion. */
export function health(parts: Parts, uptimeMs: number): unknown {
  const { options, switches, pages, link, kernels, counts, guard, hub } = parts;
  return {
    ok: true,
    protocol: PROTOCOL,
    build: options.environment.build,
    boot: options.boot,
    uptimeMs: Math.round(uptimeMs),
    disabled: [...switches.off],
    pages: pages.count,
    visiblePages: pages.visible,
    waitingBytes: pages.waitingBytes,
    serverConnected: link.connected,
    kernels: kernels.kernels.all.length,
    deaths: kernels.deaths.all.length,
    frames: counts,
    recorder: kernels.recording?.health() ?? null,
    journal: guard.health(),
    ...hub.health(),
    collectors: options.observer.metrics()
  };
}
