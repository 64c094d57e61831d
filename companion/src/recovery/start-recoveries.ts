import type { Recovery } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import type { LeftRuns } from '../journal/left-runs.js';
import type { Log } from '../log.js';
import { recoverApart, type IRecoverApartOptions } from './recover-apart.js';
import { Recoveries } from './recoveries.js';
import { RecoveryState } from './recovery-state.js';

export interface IStartRecoveriesOptions {
  readonly earlier: LeftRuns;
  /** While what it gives is held, nothing is moved in the journal of this companion. */
  readonly hold: () => Promise<IDisposable>;
  /** How a run is recovered in a process of its own. */
  readonly apart: IRecoverApartOptions;
  /** The folder of the journal, see `HomeDisk`. */
  readonly journalFolder: string;
  readonly boot: string;
  /** jupyter_server's root folder, absolute. */
  readonly rootDir: string;
  readonly clock: IClock;
  readonly log: Log;
  readonly changed: (recoveries: readonly Recovery[]) => void;
}

/** Begins to recover what earlier companions left, and pages of this one, in the background. */
export function startRecoveries(options: IStartRecoveriesOptions): Recoveries {
  const { earlier, hold, apart, journalFolder, boot, rootDir, clock, log } = options;
  const recoveries = new Recoveries({
    ...{ earlier, rootDir, clock, log, boot },
    changed: options.changed,
    state: new RecoveryState(`${journalFolder}.recoveries`, boot, log),
    prepare: async run => {
      const held = run.boot === boot ? await hold() : null;
      try {
        return await recoverApart(run, apart);
      } finally {
        held?.dispose();
      }
    },
    localTime: () => localTime(new Date(clock.wallMs()))
  });
  recoveries.start();
  return recoveries;
}

/** "2026-11-26 10.41": as people write it, without what file systems do not take. */
export function localTime(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `${day} ${two(now.getHours())}.${two(now.getMinutes())}`;
}
