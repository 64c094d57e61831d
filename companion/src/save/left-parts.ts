import type { IClock } from '../clock.js';
import type { Executions } from '../iopub/executions.js';
import type { EarlierRuns } from '../journal/earlier-runs.js';
import type { JournalStore } from '../journal/journal-store.js';
import { LeftRuns } from '../journal/left-runs.js';
import type { Log } from '../log.js';
import { outputsApart } from '../recovery/outputs-apart.js';
import type { IRecoverApartOptions } from '../recovery/recover-apart.js';
import { HandOver } from './hand-over.js';
import { LeftWork } from './left-work.js';
import type { PageSaves } from './page-saves.js';

export interface ILeftPartsOptions {
  readonly store: JournalStore;
  readonly executions: Executions;
  readonly earlier: EarlierRuns;
  /** Of this companion. */
  readonly boot: string;
  readonly clock: IClock;
  readonly log: Log;
  /** How a run is read in a process of its own; null = it is not known yet where documents are. */
  readonly apart: () => IRecoverApartOptions | null;
  /** Another list of runs is to be recovered. */
  readonly changed: () => void;
}

/** What looks after work whose page is gone. */
export function leftParts(options: ILeftPartsOptions): {
  readonly runs: LeftRuns;
  readonly work: LeftWork<PageSaves>;
} {
  const { store, executions, boot, clock, log, apart } = options;
  const runs = new LeftRuns({ ...options, forgotten: run => executions.runClosed(run) });
  const handOver = new HandOver<PageSaves>({
    executions,
    log,
    read: async (run, asked, tell) => {
      const how = apart();
      if (how === null) {
        return { kind: 'told', hash: '', rest: false, again: true };
      }
      const hold = await store.hold();
      try {
        return await outputsApart({ boot, run, bytes: store.health.bytes }, how, asked, tell);
      } finally {
        hold.dispose();
      }
    }
  });
  const work = new LeftWork<PageSaves>({
    clock,
    log,
    handOver,
    unattended: forMs => store.unattended(forMs),
    offer: run => runs.offer(run),
    review: () => runs.review()
  });
  return { runs, work };
}
