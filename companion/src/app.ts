import type { Server } from 'node:http';
import { PROTOCOL, type Machine } from '@labkeeper/protocol';
import { HubSide } from './app/hub-side.js';
import { KernelSide } from './app/kernel-side.js';
import { ReclaimSide } from './app/reclaim-side.js';
import type { IAuditEnvironment } from './audit/audit-environment.js';
import type { IClock } from './clock.js';
import type { IEnvironment } from './environment.js';
import { reasonOf } from './failure.js';
import { createFrontDoor } from './link/front-door.js';
import { Pages } from './link/pages.js';
import { ServerLink } from './link/server-link.js';
import type { Log } from './log.js';
import type { IObserver } from './observer.js';
import { PartSwitches } from './policy/part-switches.js';
import type { IReclaimEnvironment } from './reclaim/reclaim-environment.js';
import { SaveGuard } from './save/save-guard.js';

export interface IAppOptions {
  readonly environment: IEnvironment;
  readonly clock: IClock;
  readonly log: Log;
  /** One id per companion process. */
  readonly boot: string;
  readonly observer: IObserver;
  /** What is known at once about the machine. */
  readonly machine: Machine;
  /** Asks for the rest; slow, so it comes after the start. */
  readonly readMachine: (known: Machine) => Promise<Machine>;
  /** How notices of a reclaim come; null = none do. */
  readonly reclaim: IReclaimEnvironment | null;
  /** Where installs are recorded; null = nowhere. */
  readonly audit: IAuditEnvironment | null;
  /** The program that recovers one run of the journal; null = nothing is recovered. */
  readonly recoveryProgram: string | null;
  /** Default `/proc`. */
  readonly procRoot?: string;
}

/** How long pages have to send their last changes at an orderly end. */
const LAST_WORDS_MS = 300;

/** Why a companion ends: its server is gone (standard input closed), or a signal asked for it. */
export type EndReason = 'server-gone' | 'asked';

export interface IApp {
  /** HTTP and WebSocket; whoever made the app lets it listen. */
  readonly server: Server;
  /** Begins to look, at once. Resolves when past deaths are known: never, where the home hangs. */
  start(): Promise<void>;
  /** The process got a signal to end; pages are told before `close`. */
  signal(name: string): void;
  /** Ends in order: pages are told, the last records are on the disk. */
  close(reason: EndReason): Promise<void>;
}

/** Connects all parts of the companion. Nothing here reads the process's own environment, clock or arguments. */
export function createApp(options: IAppOptions): IApp {
  const { environment, clock, log, observer, boot, audit, procRoot = '/proc' } = options;
  const switches = new PartSwitches(environment.disabled);
  const startedMs = clock.monotonicMs();
  const counts = { pages: { bad: 0, unknown: 0 }, server: { bad: 0, unknown: 0 } };
  const common = { environment, clock, log, boot, procRoot };
  let { machine } = options;

  const hub: HubSide = new HubSide({
    ...{ ...common, audit, switches },
    deaths: () => kernels.deaths.all,
    auditChanged: () => pages.audit(),
    switched: parts => {
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
  });
  const guard = new SaveGuard({
    ...{ clock, log, boot, procRoot },
    home: switches.has('save-guard') ? null : environment.recorderPath,
    serverName: environment.serverName,
    serverPid: environment.serverPid,
    recoveryProgram: options.recoveryProgram,
    saves: hub.events.saves,
    erred: (name, value) => hub.events.erred(name, value)
  });
  const kernels: KernelSide = new KernelSide({
    ...{ ...common, observer, switches },
    events: hub.events,
    pages: () => pages
  });
  const reclaim: ReclaimSide = new ReclaimSide({
    ...{ ...common, guard, kernels },
    reclaim: switches.has('reclaim') ? null : options.reclaim,
    openPagesCount: options.reclaim?.cull?.openPagesCount ?? true,
    pages: () => pages
  });
  const pages: Pages = new Pages({
    ...{ clock, guard },
    counts: counts.pages,
    join: (receiver, keep) => {
      const leaves = [hub.join(receiver, keep), reclaim.join(receiver)];
      return () => leaves.forEach(leave => leave());
    },
    badFrame: once(reason => log(`A page sent what is no message: ${reason}`)),
    visibleChanged: visible => {
      kernels.sampler.wake();
      if (visible > 0) {
        kernels.recording?.tell();
      }
    },
    greeted: visible => visible && kernels.recording?.tell(),
    state: {
      hello: () => ({
        protocol: PROTOCOL,
        build: environment.build,
        disabled: [...switches.off],
        policySaidAtMs: hub.policySaidAtMs,
        machine,
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
    }
  });
  const link = new ServerLink({
    counts: counts.server,
    log,
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

  const notices = reclaim.watch;
  const server = createFrontDoor({
    reclaim: notices && ((request, response) => notices.handleRequest(request, response)),
    acceptPage: socket => pages.accept(socket),
    acceptServer: socket => link.accept(socket),
    health: () => ({
      ok: true,
      protocol: PROTOCOL,
      build: environment.build,
      boot,
      uptimeMs: Math.round(clock.monotonicMs() - startedMs),
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
      collectors: observer.metrics()
    })
  });

  return {
    server,
    async start() {
      environment.warnings.forEach(log);
      observer.protectServer(!switches.has('oom-score'));
      kernels.start();
      guard.start();
      reclaim.desk?.start();
      hub.start();
      reclaim.watch?.start();
      options.readMachine(machine).then(
        known => {
          if (known !== machine) {
            machine = known;
            pages.hello();
          }
        },
        error => log(`The machine could not be described: ${reasonOf(error)}`)
      );
      await kernels.recording?.restored();
    },
    signal: name => reclaim.watch?.signal(name),
    async close(reason) {
      const orderly = kernels.end(reason === 'asked');
      guard.hurry(true);
      if (reason === 'asked') {
        reclaim.watch?.serverStops();
        if (pages.count > 0) {
          // A page that hears of the end sends what it has not sent yet.
          await new Promise<void>(resolve => void clock.after(LAST_WORDS_MS, resolve));
        }
      }
      reclaim.watch?.dispose();
      const told = hub.close(orderly);
      const receipt = reclaim.desk?.close();
      const journalled = guard.close(orderly);
      pages.close();
      link.close();
      server.close();
      server.closeIdleConnections();
      const written = kernels.recording?.close();
      // Not after the disk: one that hangs must not keep what we changed from being put back.
      observer.close();
      await Promise.all([written, journalled, receipt, told]);
    }
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
