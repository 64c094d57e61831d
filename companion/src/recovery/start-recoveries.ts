import type { Recovery } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import type { EarlierRuns } from '../journal/earlier-runs.js';
import type { Log } from '../log.js';
import { recoverApart } from './recover-apart.js';
import { Recoveries } from './recoveries.js';
import { RecoveryState } from './recovery-state.js';

export interface IStartRecoveriesOptions {
  readonly earlier: EarlierRuns;
  /** The folder of the journal, and whose it is, see `HomeDisk`. */
  readonly journalFolder: string;
  readonly home: string;
  readonly serverName: string;
  readonly boot: string;
  /** jupyter_server's root folder, absolute. */
  readonly rootDir: string;
  /** The program that recovers one run, see `recovery-process.ts`. */
  readonly recoveryProgram: string;
  readonly clock: IClock;
  readonly log: Log;
  readonly changed: (recoveries: readonly Recovery[]) => void;
}

/** Begins to recover what earlier companions left, in the background. */
export function startRecoveries(options: IStartRecoveriesOptions): Recoveries {
  const { earlier, journalFolder, home, serverName, boot, rootDir, clock, log } = options;
  const recoveries = new Recoveries({
    ...{ earlier, rootDir, clock, log },
    changed: options.changed,
    state: new RecoveryState(`${journalFolder}.recoveries`, boot, log),
    prepare: run =>
      recoverApart(run, {
        ...{ home, serverName, rootDir },
        nodePath: process.execPath,
        scriptPath: options.recoveryProgram
      }),
    localTime: () => localTime(new Date(clock.wallMs()))
  });
  recoveries.start();
  return recoveries;
}

/** "2026-11-26 10.41": as people write it, without what file systems do not take. */
function localTime(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `${day} ${two(now.getHours())}.${two(now.getMinutes())}`;
}
