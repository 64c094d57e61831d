import { PROTOCOL } from '@labkeeper/protocol';
import type { IPageState } from '../link/pages.js';
import type { Parts } from './parts.js';

/** What a page is told when it connects. */
export function pageState(parts: Parts): IPageState {
  const { options, switches, machine, hub, kernels, reclaim } = parts;
  const { environment, audit, boot } = options;
  return {
    hello: () => ({
      protocol: PROTOCOL,
      build: environment.build,
      disabled: [...switches.off],
      policySaidAtMs: hub.policySaidAtMs,
      machine: machine.now,
      runbookUrl: environment.runbookUrl,
      serverName: environment.serverName,
      python: audit?.sites.python ?? null,
      image: audit?.image ?? null,
      boot
    }),
    kernels: () => kernels.kernels.all,
    deaths: () => kernels.deaths.all,
    notices: () => kernels.notices.all,
    reclaims: () => reclaim.watch?.reclaims ?? [],
    losses: () => reclaim.desk?.losses ?? [],
    receipt: () => reclaim.desk?.receipt ?? null,
    audit: () => hub.auditState,
    history: () => kernels.sampler.history()
  };
}
