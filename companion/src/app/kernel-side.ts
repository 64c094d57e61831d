import type { Death, Kernel } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import { CounterBaseline } from '../deaths/counter-baseline.js';
import { DeathList } from '../deaths/death-list.js';
import { DeathWatch } from '../deaths/death-watch.js';
import { LostWorkers } from '../deaths/lost-workers.js';
import type { IEnvironment } from '../environment.js';
import type { Pages } from '../link/pages.js';
import type { Log } from '../log.js';
import { DayLedger } from '../notices/day-ledger.js';
import { NoticeWatch } from '../notices/notice-watch.js';
import type { IObserver } from '../observer.js';
import type { PartSwitches } from '../policy/part-switches.js';
import { Recording } from '../recorder/recording.js';
import type { ServerEvents } from '../server-events/server-events.js';
import type { IFacts } from '../watch/evidence.js';
import { KernelList } from '../watch/kernel-list.js';
import { Recent } from '../watch/recent.js';
import { Sampler } from '../watch/sampler.js';

/**
 * Where the meter is off and no samples go out, a page still hears something this often: it takes 20 s of silence for a
 * dead connection.
 */
const LIFE_SIGN_MS = 10_000;

export interface IKernelSideOptions {
  readonly environment: IEnvironment;
  readonly clock: IClock;
  readonly log: Log;
  readonly observer: IObserver;
  readonly boot: string;
  readonly procRoot: string;
  readonly switches: PartSwitches;
  readonly events: ServerEvents;
  /** Who is told; asked for when there is something to tell. */
  readonly pages: () => Pages;
}

/** All that looks at the container and its kernels: samples, notices, deaths, and what the flight recorder keeps of them. */
export class KernelSide {
  constructor(private readonly options: IKernelSideOptions) {
    const { environment, clock, log, observer, boot, procRoot, switches, events, pages } = options;
    const { kernels, recent, deaths } = this;
    const facts: IFacts = { observer, recent, kernels };
    const baseline = new CounterBaseline(observer.counters(clock.wallMs()));
    const lostWorkers = new LostWorkers(observer, kernels);
    const ledger = new DayLedger(() => this.recording?.keep());
    this.notices = new NoticeWatch({
      ...{ facts, baseline, lostWorkers, ledger },
      throttleMs: environment.throttleMs,
      enabled: () => !switches.has('notices'),
      given: notice => {
        pages().notice(notice);
        events.noticed(notice);
      }
    });
    this.recording =
      switches.has('flight-recorder') || environment.recorderPath === null
        ? null
        : new Recording({
            ...{ boot, clock, log, facts, procRoot, deaths, ledger },
            home: environment.recorderPath,
            serverName: environment.serverName,
            serverPid: environment.serverPid,
            restored: () => pages().deaths(deaths.all),
            found: death => pages().death(death),
            isWatched: () => pages().visible > 0
          });
    this.watch = new DeathWatch({
      ...{ facts, clock, baseline, lostWorkers },
      known: () => deaths.all,
      seen: (death: Death) => {
        deaths.put(death);
        pages().death(death);
        this.notices.died(death.evidence.kernel.kernelId);
        this.recording?.died(death);
        events.died();
      }
    });
    let lifeSignAtMs = clock.monotonicMs();
    this.sampler = new Sampler({
      ...{ clock, observer, recent, kernels },
      watched: () => pages().visible > 0 && !switches.has('meter'),
      sampled: (sample, counters, danger) => {
        const monotonicMs = clock.monotonicMs();
        baseline.read(counters, monotonicMs);
        lostWorkers.look(monotonicMs);
        if (!switches.has('meter')) {
          pages().sample(sample);
        } else if (monotonicMs - lifeSignAtMs >= LIFE_SIGN_MS) {
          lifeSignAtMs = monotonicMs;
          pages().kernels(kernels.all);
        }
        this.notices.look(sample, counters, monotonicMs);
        events.sampled(sample);
        this.recording?.log.sampled(danger);
      },
      remembered: (memory, danger) => this.recording?.log.remembered(memory, danger)
    });
  }

  readonly kernels = new KernelList();
  readonly recent = new Recent();
  readonly deaths = new DeathList();
  readonly notices: NoticeWatch;
  readonly sampler: Sampler;
  /** null = switched off, or nothing can be kept. */
  readonly recording: Recording | null;

  /** What is to be explained; null = deaths are not, now. */
  get watching(): DeathWatch | null {
    return this.isStopping || this.options.switches.has('deaths') ? null : this.watch;
  }

  start(): void {
    this.sampler.start();
    this.recording?.start();
  }

  /** The server's kernels, whole. */
  set(list: readonly Kernel[]): void {
    const { clock, observer, events, pages } = this.options;
    this.kernels.set(list);
    events.kernels(list);
    this.recent.noteKernels(list, clock.monotonicMs());
    observer.setKernels(list);
    pages().kernels(list);
    this.watch.kernelsChanged();
    this.sampler.wake();
  }

  /** The server stops on purpose: kernels that end now are no deaths. */
  stopping(): void {
    this.isStopping = true;
    this.recording?.log.stopped();
  }

  /**
   * Nothing is looked at any more.
   *
   * @param isAsked - a signal asked for it.
   * @returns whether somebody wanted this end.
   */
  end(isAsked: boolean): boolean {
    const isWanted = this.isStopping || isAsked;
    if (!isWanted) {
      this.recording?.log.last();
    } else if (!this.isStopping) {
      // Whoever stops the container in order asks us too; a killed one asks nobody.
      this.recording?.log.stopped();
    }
    this.isStopping = true;
    this.sampler.dispose();
    this.watch.dispose();
    return isWanted;
  }

  private readonly watch: DeathWatch;
  private isStopping = false;
}
