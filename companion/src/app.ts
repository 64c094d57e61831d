import type { Server } from 'node:http';
import { PROTOCOL, type Death, type Kernel, type Machine } from '@labkeeper/protocol';
import { AuditDesk } from './audit/audit-desk.js';
import { AuditLog } from './audit/audit-log.js';
import type { IAuditEnvironment } from './audit/audit-environment.js';
import type { IClock } from './clock.js';
import { CounterBaseline } from './deaths/counter-baseline.js';
import { DeathList } from './deaths/death-list.js';
import { DeathWatch } from './deaths/death-watch.js';
import { LostWorkers } from './deaths/lost-workers.js';
import type { IEnvironment } from './environment.js';
import { reasonOf } from './failure.js';
import { OutgoingDesk } from './outgoing/outgoing-desk.js';
import { createFrontDoor } from './link/front-door.js';
import { Pages } from './link/pages.js';
import { ReclaimDesk } from './losses/reclaim-desk.js';
import { ServerLink } from './link/server-link.js';
import type { Log } from './log.js';
import { DayLedger } from './notices/day-ledger.js';
import { NoticeWatch } from './notices/notice-watch.js';
import type { IObserver } from './observer.js';
import type { IReclaimEnvironment } from './reclaim/reclaim-environment.js';
import { PageStandings } from './reclaim/page-standings.js';
import { PartSwitches } from './policy/part-switches.js';
import { watchPolicy } from './policy/watch-policy.js';
import { requestDesk } from './requests/request-desk.js';
import { ReclaimWatch } from './reclaim/reclaim-watch.js';
import { ServerIdle } from './reclaim/server-idle.js';
import { Recording } from './recorder/recording.js';
import { SaveGuard } from './save/save-guard.js';
import { reportEvents } from './server-events/report-events.js';
import type { IFacts } from './watch/evidence.js';
import { KernelList } from './watch/kernel-list.js';
import { Recent } from './watch/recent.js';
import { Sampler } from './watch/sampler.js';

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

/**
 * Where the meter is off and no samples go out, a page still hears something this often: it takes 20 s of silence for a
 * dead connection.
 */
const LIFE_SIGN_MS = 10_000;

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
  const { environment, clock, log, observer, boot } = options;
  const disabled = new PartSwitches(environment.disabled);
  const startedMs = clock.monotonicMs();
  let { machine } = options;
  let stopping = false;

  const kernels = new KernelList();
  const recent = new Recent();
  const facts: IFacts = { observer, recent, kernels };
  const baseline = new CounterBaseline(observer.counters(clock.wallMs()));
  const lostWorkers = new LostWorkers(observer, kernels);
  const deaths = new DeathList();
  const counts = { pages: { bad: 0, unknown: 0 }, server: { bad: 0, unknown: 0 } };

  const outgoing = new OutgoingDesk(clock, options.audit?.serviceUrl ?? null);
  const reported = reportEvents({
    ...{ clock, log, boot, outgoing: outgoing.ledger },
    environment: options.audit,
    tickets: () => policy?.tickets ?? null,
    deaths: () => (disabled.has('deaths') ? [] : deaths.all),
    unsentRecords: () => audit?.health().waiting ?? 0
  });
  const { events } = reported;

  const guard = new SaveGuard({
    home: disabled.has('save-guard') ? null : environment.recorderPath,
    serverName: environment.serverName,
    serverPid: environment.serverPid,
    boot,
    clock,
    log,
    procRoot: options.procRoot ?? '/proc',
    recoveryProgram: options.recoveryProgram,
    saves: events.saves,
    erred: (name, value) => events.erred(name, value)
  });
  const standings = new PageStandings(clock);
  const idle = new ServerIdle(options.reclaim?.cull?.openPagesCount ?? true);
  const reclaim =
    options.reclaim === null || disabled.has('reclaim')
      ? null
      : new ReclaimWatch({
          environment: options.reclaim,
          clock,
          log,
          changed: reclaims => {
            guard.hurry(reclaims.some(({ withdrawn, kind }) => !withdrawn && kind !== 'cull'));
            standings.noticed(reclaims);
            pages.reclaims();
            desk?.noticed(reclaims);
          },
          flush: withinMs => standings.flushed(withinMs, () => guard.flush()),
          idleMs: () => idle.ms(clock.monotonicMs(), pages.count)
        });
  const desk: ReclaimDesk | null =
    reclaim &&
    new ReclaimDesk({
      ...{ clock, log, boot },
      home: environment.recorderPath,
      serverName: environment.serverName,
      serverPid: environment.serverPid,
      procRoot: options.procRoot ?? '/proc',
      variables: () => reclaim.variables,
      kernels: () => kernels.all,
      memoryOf: kernelId => recent.usageOf(kernelId)?.memoryBytes ?? null,
      connectionFile: kernelId => guard.connectionFile(kernelId),
      trial: seconds => reclaim.trial(seconds),
      lossesChanged: () => pages.losses(),
      receiptChanged: () => pages.receipt()
    });
  const ledger = new DayLedger(() => recording?.keep());
  const notices = new NoticeWatch({
    facts,
    baseline,
    lostWorkers,
    ledger,
    throttleMs: environment.throttleMs,
    enabled: () => !disabled.has('notices'),
    given: notice => {
      pages.notice(notice);
      events.noticed(notice);
    }
  });
  const recording =
    disabled.has('flight-recorder') || environment.recorderPath === null
      ? null
      : new Recording({
          home: environment.recorderPath,
          serverName: environment.serverName,
          serverPid: environment.serverPid,
          boot,
          clock,
          log,
          facts,
          procRoot: options.procRoot ?? '/proc',
          deaths,
          ledger,
          restored: () => pages.deaths(deaths.all),
          found: death => pages.death(death),
          isWatched: () => pages.visible > 0
        });
  const policy =
    options.audit &&
    watchPolicy({
      ...{ clock, log, outgoing: outgoing.ledger },
      environment: options.audit,
      switches: disabled,
      requestsChanged: () => asked.changed(),
      wanted: taken => events.want(taken),
      changed: parts => {
        pages.hello();
        if (parts.includes('meter')) {
          // A page shows what it hears next by the new rules, and with the meter off that may take a while.
          pages.kernels(kernels.all);
          sampler.wake();
        }
        if (parts.includes('notices')) {
          pages.notices(notices.all);
        }
        audit?.switch(!disabled.has('audit'));
      }
    });
  const audit: AuditLog | null =
    options.audit === null || disabled.has('audit') || environment.recorderPath === null
      ? null
      : new AuditLog({
          ...{ clock, log, boot, outgoing: outgoing.ledger },
          environment: options.audit,
          tickets: policy?.tickets ?? null,
          home: environment.recorderPath,
          serverName: environment.serverName,
          serverPid: environment.serverPid,
          procRoot: options.procRoot ?? '/proc',
          changed: () => auditDesk.changed(),
          listed: records => auditDesk.listed(records)
        });
  const asked = requestDesk(options.audit, policy?.tickets ?? null, clock, outgoing.ledger);
  const auditDesk: AuditDesk = new AuditDesk({ clock, source: audit, stateChanged: () => pages.audit() });
  const watch = new DeathWatch({
    facts,
    clock,
    baseline,
    lostWorkers,
    known: () => deaths.all,
    seen: (death: Death) => {
      deaths.put(death);
      pages.death(death);
      notices.died(death.evidence.kernel.kernelId);
      recording?.died(death);
      events.died();
    }
  });
  let lifeSignAtMs = clock.monotonicMs();
  const sampler: Sampler = new Sampler({
    clock,
    observer,
    recent,
    kernels,
    watched: () => pages.visible > 0 && !disabled.has('meter'),
    sampled: (sample, counters, danger) => {
      const monotonicMs = clock.monotonicMs();
      baseline.read(counters, monotonicMs);
      lostWorkers.look(monotonicMs);
      if (!disabled.has('meter')) {
        pages.sample(sample);
      } else if (monotonicMs - lifeSignAtMs >= LIFE_SIGN_MS) {
        lifeSignAtMs = monotonicMs;
        pages.kernels(kernels.all);
      }
      notices.look(sample, counters, monotonicMs);
      events.sampled(sample);
      recording?.log.sampled(danger);
    },
    remembered: (memory, danger) => recording?.log.remembered(memory, danger)
  });
  const pages: Pages = new Pages({
    clock,
    counts: counts.pages,
    guard,
    join: (receiver, keep) => {
      desk?.join(receiver);
      const leaves = [
        auditDesk.join(receiver, keep),
        outgoing.join(receiver, keep),
        asked.join(receiver, keep),
        standings.add(receiver)
      ];
      return () => leaves.forEach(leave => leave());
    },
    badFrame: once(reason => log(`A page sent what is no message: ${reason}`)),
    visibleChanged: visible => {
      sampler.wake();
      if (visible > 0) {
        recording?.tell();
      }
    },
    greeted: visible => visible && recording?.tell(),
    state: {
      hello: () => ({
        protocol: PROTOCOL,
        build: environment.build,
        disabled: [...disabled.off],
        machine,
        runbookUrl: environment.runbookUrl,
        serverName: environment.serverName,
        python: options.audit?.sites.python ?? null,
        image: options.audit?.image ?? null,
        boot
      }),
      kernels: () => kernels.all,
      deaths: () => deaths.all,
      notices: () => notices.all,
      reclaims: () => reclaim?.reclaims ?? [],
      losses: () => desk?.losses ?? [],
      receipt: () => desk?.receipt ?? null,
      audit: () => auditDesk.state,
      history: () => sampler.history()
    }
  });
  const link = new ServerLink({
    counts: counts.server,
    log,
    events: {
      hello: hello => guard.serverSays(hello),
      kernels: (list: readonly Kernel[]) => {
        kernels.set(list);
        events.kernels(list);
        recent.noteKernels(list, clock.monotonicMs());
        observer.setKernels(list);
        pages.kernels(list);
        guard.kernels(list);
        watch.kernelsChanged();
        desk?.kernelsChanged();
        sampler.wake();
      },
      died: death => watching() && watch.died(death),
      fate: fate => watching() && watch.fate(fate),
      startFailed: failure => watching() && watch.startFailed(failure),
      idle: ms => idle.heard(ms, clock.monotonicMs()),
      stopping: () => {
        stopping = true;
        guard.stopping();
        recording?.log.stopped();
        reclaim?.serverStops();
      }
    }
  });
  const watching = (): boolean => !stopping && !disabled.has('deaths');

  const server = createFrontDoor({
    reclaim: reclaim ? (request, response) => reclaim.handleRequest(request, response) : null,
    acceptPage: socket => pages.accept(socket),
    acceptServer: socket => link.accept(socket),
    health: () => ({
      ok: true,
      protocol: PROTOCOL,
      build: environment.build,
      boot,
      uptimeMs: Math.round(clock.monotonicMs() - startedMs),
      disabled: [...disabled.off],
      pages: pages.count,
      visiblePages: pages.visible,
      waitingBytes: pages.waitingBytes,
      serverConnected: link.connected,
      kernels: kernels.all.length,
      deaths: deaths.all.length,
      frames: counts,
      recorder: recording?.health() ?? null,
      journal: guard.health(),
      audit: audit?.health() ?? null,
      policy: policy?.health() ?? null,
      collectors: observer.metrics()
    })
  });

  return {
    server,
    async start() {
      environment.warnings.forEach(log);
      observer.protectServer(!disabled.has('oom-score'));
      sampler.start();
      recording?.start();
      guard.start();
      desk?.start();
      audit?.start();
      policy?.start();
      reported.start();
      reclaim?.start();
      options.readMachine(machine).then(
        known => {
          if (known !== machine) {
            machine = known;
            pages.hello();
          }
        },
        error => log(`The machine could not be described: ${reasonOf(error)}`)
      );
      await recording?.restored();
    },
    signal: name => reclaim?.signal(name),
    async close(reason) {
      if (reason === 'asked' && !stopping) {
        // Whoever stops the container in order asks us too; a killed one asks nobody.
        recording?.log.stopped();
      } else if (!stopping) {
        recording?.log.last();
      }
      const orderly = stopping || reason === 'asked';
      stopping = true;
      sampler.dispose();
      watch.dispose();
      guard.hurry(true);
      if (reason === 'asked') {
        reclaim?.serverStops();
      }
      if (reason === 'asked' && pages.count > 0) {
        // A page that hears of the end sends what it has not sent yet.
        await new Promise<void>(resolve => void clock.after(LAST_WORDS_MS, resolve));
      }
      reclaim?.dispose();
      policy?.dispose();
      const counted = reported.close();
      const receipt = desk?.close();
      const journalled = guard.close(orderly);
      auditDesk.dispose();
      outgoing.dispose();
      asked.dispose();
      const audited = audit?.close(orderly);
      pages.close();
      link.close();
      server.close();
      server.closeIdleConnections();
      const written = recording?.close();
      // Not after the disk: one that hangs must not keep what we changed from being put back.
      observer.close();
      await Promise.all([written, journalled, receipt, audited, counted]);
      policy?.tickets.dispose();
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
