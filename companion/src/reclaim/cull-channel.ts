import { cullOutlook } from '@labkeeper/core';
import type { IClock, IDisposable } from '../clock.js';
import type { IChannelReport, IReclaimChannel } from './channel.js';

/** The hub stops idle servers: told some minutes before, and withdrawn when somebody comes back. */
export class CullChannel implements IReclaimChannel {
  readonly name = 'cull';

  constructor(
    private readonly options: {
      readonly clock: IClock;
      /** After this long without activity the hub stops the server. */
      readonly timeoutMs: number;
      readonly warningMs: number;
      /** For how long the hub has seen no activity, on a monotonic clock; null = not known, or in use. */
      readonly idleMs: () => number | null;
    }
  ) {}

  start(report: IChannelReport): IDisposable {
    let timer: IDisposable | null = null;
    const look = (): void => {
      timer = this.options.clock.after(this.look(report), look);
    };
    look();
    return { dispose: () => timer?.dispose() };
  }

  private look(report: IChannelReport): number {
    const { clock, timeoutMs, warningMs } = this.options;
    const idleMs = this.options.idleMs();
    if (idleMs === null || idleMs < this.idleMs) {
      this.spells++;
    }
    this.idleMs = idleMs ?? 0;
    const { culledInMs, lookInMs } = cullOutlook({ idleMs, timeoutMs, warningMs });
    report.says(
      culledInMs === null
        ? []
        : [
            {
              key: 'cull',
              kind: 'cull',
              deadlineMs: Math.round(clock.wallMs() + culledInMs),
              source: 'JupyterHub',
              // Somebody was here in between: the time begins anew.
              revision: `${this.spells}`
            }
          ]
    );
    return lookInMs;
  }

  private idleMs = 0;
  /** How often a time without activity began. */
  private spells = 0;
}
