import type { SwitchablePart } from '@labkeeper/protocol';
import type { IAppOptions } from '../app.js';
import { Pages } from '../link/pages.js';
import { ServerLink } from '../link/server-link.js';
import { PartSwitches } from '../policy/part-switches.js';
import { SaveGuard } from '../save/save-guard.js';
import { HubSide } from './hub-side.js';
import { KernelSide } from './kernel-side.js';
import { KnownMachine } from './known-machine.js';
import { pageState } from './page-state.js';
import { ReclaimSide } from './reclaim-side.js';

/** All parts of a companion, each connected with those that it tells; none has begun. */
export class Parts {
  constructor(readonly options: IAppOptions) {
    const { environment, clock, log, boot, procRoot = '/proc' } = options;
    this.common = { environment, clock, log, boot, procRoot };
    this.switches = new PartSwitches(environment.disabled);
    this.machine = new KnownMachine(options.machine, log);
    this.hub = this.makeHub();
    this.guard = this.makeGuard();
    this.kernels = new KernelSide({
      ...{ ...this.common, observer: options.observer, switches: this.switches },
      events: this.hub.events,
      pages: () => this.pages
    });
    this.reclaim = new ReclaimSide({
      ...{ ...this.common, guard: this.guard, kernels: this.kernels },
      reclaim: this.switches.has('reclaim') ? null : options.reclaim,
      openPagesCount: options.reclaim?.cull?.openPagesCount ?? true,
      pages: () => this.pages
    });
    this.pages = this.makePages();
    this.link = this.makeLink();
  }

  /** Frames that were no messages. */
  readonly counts = { pages: { bad: 0, unknown: 0 }, server: { bad: 0, unknown: 0 } };
  readonly switches: PartSwitches;
  readonly machine: KnownMachine;
  readonly hub: HubSide;
  readonly guard: SaveGuard;
  readonly kernels: KernelSide;
  readonly reclaim: ReclaimSide;
  readonly pages: Pages;
  readonly link: ServerLink;

  private makeHub(): HubSide {
    return new HubSide({
      ...{ ...this.common, audit: this.options.audit, switches: this.switches },
      deaths: () => this.kernels.deaths.all,
      auditChanged: () => this.pages.audit(),
      switched: parts => this.switched(parts)
    });
  }

  private makeGuard(): SaveGuard {
    const { environment, clock, log, boot, procRoot } = this.common;
    return new SaveGuard({
      ...{ clock, log, boot, procRoot },
      home: this.switches.has('save-guard') ? null : environment.recorderPath,
      serverName: environment.serverName,
      serverPid: environment.serverPid,
      recoveryProgram: this.options.recoveryProgram,
      saves: this.hub.events.saves,
      erred: (name, value) => this.hub.events.erred(name, value)
    });
  }

  private makePages(): Pages {
    const { clock, log } = this.common;
    return new Pages({
      ...{ clock, guard: this.guard },
      counts: this.counts.pages,
      join: (receiver, keep) => {
        const leaves = [this.hub.join(receiver, keep), this.reclaim.join(receiver)];
        return () => leaves.forEach(leave => leave());
      },
      badFrame: once(reason => log(`A page sent what is no message: ${reason}`)),
      visibleChanged: visible => {
        this.kernels.sampler.wake();
        if (visible > 0) {
          this.kernels.recording?.tell();
        }
      },
      greeted: visible => visible && this.kernels.recording?.tell(),
      state: pageState(this)
    });
  }

  private makeLink(): ServerLink {
    const { guard, kernels, reclaim } = this;
    return new ServerLink({
      counts: this.counts.server,
      log: this.common.log,
      events: {
        hello: hello => guard.serverSays(hello),
        kernels: list => {
          kernels.set(list);
          guard.kernels(list);
          reclaim.desk?.kernelsChanged();
        },
        died: death => kernels.watching?.died(death),
        fate: fate => kernels.watching?.fate(fate),
        startFailed: failure => kernels.watching?.startFailed(failure),
        idle: ms => reclaim.idleFor(ms),
        stopping: () => {
          guard.stopping();
          kernels.stopping();
          reclaim.watch?.serverStops();
        }
      }
    });
  }

  /** The hub's policy switched these off or on. */
  private switched(parts: readonly SwitchablePart[]): void {
    const { kernels, pages } = this;
    pages.hello();
    if (parts.includes('meter')) {
      // A page shows what it hears next by the new rules, and with the meter off that may take a while.
      pages.kernels(kernels.kernels.all);
      kernels.sampler.wake();
    }
    if (parts.includes('notices')) {
      pages.notices(kernels.notices.all);
    }
  }

  private readonly common: Pick<IAppOptions, 'environment' | 'clock' | 'log' | 'boot'> & {
    readonly procRoot: string;
  };
}

/** Passes only the first call on: one line in the log finds a bug, a thousand hide others. */
function once(call: (reason: string) => void): (reason: string) => void {
  let called = false;
  return reason => {
    if (!called) {
      called = true;
      call(reason);
    }
  };
}
