import type { Receiver } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import type { IEnvironment } from '../environment.js';
import type { Pages } from '../link/pages.js';
import type { Log } from '../log.js';
import { ReclaimDesk } from '../losses/reclaim-desk.js';
import { PageStandings } from '../reclaim/page-standings.js';
import type { IReclaimEnvironment } from '../reclaim/reclaim-environment.js';
import { ReclaimWatch } from '../reclaim/reclaim-watch.js';
import { ServerIdle } from '../reclaim/server-idle.js';
import type { SaveGuard } from '../save/save-guard.js';
import type { KernelSide } from './kernel-side.js';

export interface IReclaimSideOptions {
  readonly environment: IEnvironment;
  /** How notices come; null = none do, or they are switched off. */
  readonly reclaim: IReclaimEnvironment | null;
  /** Whether a culler counts open pages as activity. */
  readonly openPagesCount: boolean;
  readonly clock: IClock;
  readonly log: Log;
  readonly boot: string;
  readonly procRoot: string;
  readonly guard: SaveGuard;
  readonly kernels: Pick<KernelSide, 'kernels' | 'recent'>;
  /** Who is told; asked for when there is something to tell. */
  readonly pages: () => Pages;
}

/** All about an end that is near: its notices, how pages' work stands, and what will be lost. */
export class ReclaimSide {
  constructor(private readonly options: IReclaimSideOptions) {
    const { environment, reclaim, clock, log, boot, procRoot, guard, kernels, pages } = options;
    this.standings = new PageStandings(clock);
    this.idle = new ServerIdle(options.openPagesCount);
    const watch = reclaim
      ? new ReclaimWatch({
          environment: reclaim,
          ...{ clock, log },
          changed: reclaims => {
            guard.hurry(reclaims.some(({ withdrawn, kind }) => !withdrawn && kind !== 'cull'));
            this.standings.noticed(reclaims);
            pages().reclaims();
            this.desk?.noticed(reclaims);
          },
          flush: withinMs => this.standings.flushed(withinMs, () => guard.flush()),
          idleMs: () => this.idle.ms(clock.monotonicMs(), pages().count)
        })
      : null;
    this.watch = watch;
    this.desk =
      watch &&
      new ReclaimDesk({
        ...{ clock, log, boot, procRoot },
        home: environment.recorderPath,
        serverName: environment.serverName,
        serverPid: environment.serverPid,
        variables: () => watch.variables,
        kernels: () => kernels.kernels.all,
        memoryOf: kernelId => kernels.recent.usageOf(kernelId)?.memoryBytes ?? null,
        connectionFile: kernelId => guard.connectionFile(kernelId),
        trial: seconds => watch.trial(seconds),
        lossesChanged: () => pages().losses(),
        receiptChanged: () => pages().receipt()
      });
  }

  /** null = there are no notices. */
  readonly watch: ReclaimWatch | null;
  readonly desk: ReclaimDesk | null;

  /** Lets a page say how its work stands. @returns to be called when the page is gone. */
  join(receiver: Receiver): () => void {
    this.desk?.join(receiver);
    return this.standings.add(receiver);
  }

  /** The server says for how long nobody used it, ms. */
  idleFor(ms: number): void {
    this.idle.heard(ms, this.options.clock.monotonicMs());
  }

  private readonly standings: PageStandings;
  private readonly idle: ServerIdle;
}
