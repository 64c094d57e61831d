// The hub service with a fleet of companions, as it starts, runs and is restarted.
import { setTimeout as pause } from 'node:timers/promises';
import { countsOf, Fleet } from './fleet.mts';
import type { IFleetHub } from './fleet-hub.mts';
import type { IFleetReport } from './fleet-messages.mts';
import { FleetService, PREFIX } from './fleet-service.mts';
import { Patience } from './patience.mts';
import { quantile } from './statistics.mts';
import { extent } from './trial.mts';

/**
 * How many companions start in a second. JupyterHub is asked about each, and starts no more than a few servers a second
 * itself; how all come back at once is measured after the restarts.
 */
const STARTS_PER_SECOND = extent(40, 25);
/** How long companions that all have started may take, beyond that, to be connected. */
const SETTLING_MS = 60_000;
/** The service answers a question within 50 s, after which it is known that it was held. */
const HELD_MS = 55_000;
const PROCESSES = 4;

export interface IFleetRunOptions {
  readonly hub: Pick<IFleetHub, 'apiUrl' | 'serviceToken' | 'tokens'>;
  readonly port: number;
  readonly companions: number;
  /** Where the hub behind the service is a real one, which takes some ms for each. */
  readonly startsPerSecond?: number;
  readonly settlingMs?: number;
}

/** A steady while. */
export interface ISteady {
  /** Of a core. */
  readonly cpuPercent: number;
  /** Each second. */
  readonly rssMb: readonly number[];
  readonly pollsHeld: readonly number[];
  readonly perSecond: readonly number[];
  readonly answers: Readonly<Record<string, number>>;
  readonly waitingAtEnd: number;
}

/** Companions that came back. */
export interface IReturn {
  readonly signal: string;
  /** From the end of the old service to the new one's word that it listens. */
  readonly downS: number;
  /** Until the last one was back: after a restart from the signal on, after an outage from the service's start on. */
  readonly backS: number;
  /** By the share of companions. */
  readonly backByShareS: Readonly<Record<string, number>>;
  readonly peakPerSecond: number;
  /** From the signal on. */
  readonly perSecond: readonly number[];
  readonly answers: Readonly<Record<string, number>>;
  /** Of the answers, those since the service listened again that are none of success. */
  readonly refusedSince: Readonly<Record<string, number>>;
  readonly waitingAtEnd: number;
}

export class FleetRun {
  private constructor(service: FleetService, fleet: Fleet) {
    this.service = service;
    this.fleet = fleet;
  }

  /** Starts a service and its companions; they are all connected when this resolves. */
  static async start(options: IFleetRunOptions): Promise<FleetRun> {
    const { hub, port, companions, startsPerSecond = STARTS_PER_SECOND, settlingMs = SETTLING_MS } = options;
    const startsMs = (companions / startsPerSecond) * 1000;
    const service = new FleetService({ hubApiUrl: hub.apiUrl, token: hub.serviceToken, port });
    try {
      await service.start();
    } catch (error) {
      await service.remove();
      throw error;
    }
    const beganAtMs = Date.now();
    const fleet = Fleet.start({
      ...{ port, prefix: PREFIX, processes: PROCESSES },
      tokens: hub.tokens.slice(0, companions),
      overMs: startsMs,
      recordsPerMinute: 1
    });
    const run = new FleetRun(service, fleet);
    const patience = new Patience(settlingMs + startsMs);
    // Between two questions there is up to 2 s.
    while ((await service.metric('labkeeper_polls_held')) < 0.93 * companions) {
      if (patience.isOver) {
        const { answers } = countsOf(await fleet.report(), beganAtMs, Date.now());
        await run.stop();
        throw new Error(`not all companions came: ${JSON.stringify(answers)} ${service.log}`);
      }
      await pause(1000);
    }
    // What their start brought is done.
    await pause(HELD_MS);
    return run;
  }

  /** Looks on. */
  async steady(seconds: number): Promise<ISteady> {
    const { service, fleet } = this;
    const [beganMs, cpuMs, beganAtMs] = [performance.now(), service.cpuMs(), Date.now()];
    const [rssMb, pollsHeld]: [number[], number[]] = [[], []];
    for (let second = 0; second < seconds; second++) {
      await pause(beganMs + (second + 1) * 1000 - performance.now());
      rssMb.push(service.rssBytes() / 1e6);
      if (second % 30 === 0) pollsHeld.push(await service.metric('labkeeper_polls_held'));
    }
    const cpuPercent = ((service.cpuMs() - cpuMs) / (performance.now() - beganMs)) * 100;
    const report = await fleet.report();
    return {
      ...{ cpuPercent, rssMb, pollsHeld },
      ...countsOf(report, beganAtMs, Date.now()),
      waitingAtEnd: report.waiting
    };
  }

  /** Ends the service, and starts it again after `downS`. */
  async restart(signal: 'SIGTERM' | 'SIGKILL', downS: number): Promise<IReturn> {
    const { service, fleet } = this;
    fleet.cut();
    const cutAtMs = Date.now();
    await service.kill(signal);
    const endedAtMs = Date.now();
    await pause(downS * 1000);
    await service.start();
    const upAtMs = Date.now();
    const fromMs = downS === 0 ? cutAtMs : upAtMs;
    const patience = new Patience(240_000);
    let report = await fleet.report();
    while (report.backAtMs.includes(null) && !patience.isOver) {
      await pause(2000);
      report = await fleet.report();
    }
    const backS = report.backAtMs.map(atMs => (atMs === null ? Infinity : (atMs - fromMs) / 1000));
    const all = countsOf(report, cutAtMs, Date.now());
    const since = countsOf(report, upAtMs + 1000, Date.now());
    return {
      signal,
      downS: (upAtMs - endedAtMs) / 1000,
      backS: Math.max(...backS),
      backByShareS: Object.fromEntries([0.5, 0.9, 0.99, 0.999].map(share => [share, quantile(backS, share)])),
      peakPerSecond: Math.max(...all.perSecond),
      ...all,
      refusedSince: Object.fromEntries(
        Object.entries(since.answers).filter(([name]) => !/ 2\d\d$/.test(name))
      ),
      waitingAtEnd: report.waiting
    };
  }

  /** The service's labkeeper.toml, empty at first. */
  get policyFile(): string {
    return this.service.policyFile;
  }

  report(): Promise<IFleetReport> {
    return this.fleet.report();
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    await this.service.remove();
  }

  private readonly service: FleetService;
  private readonly fleet: Fleet;
}
