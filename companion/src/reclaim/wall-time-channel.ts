import { SteadyWall, type IJobEnd } from '@labkeeper/core';
import type { IClock, IDisposable } from '../clock.js';
import type { IChannelReport, IReclaimChannel } from './channel.js';

/** Longest time between two looks at the clocks: timers of weeks overflow, and set clocks have to be noticed. */
const LOOK_MS = 60_000;
/** A job that still runs this long after its end has another end than the environment says. */
const PAST_MS = 10 * 60_000;

/** The end of the batch job that the server runs in, told some minutes before it comes. */
export class WallTimeChannel implements IReclaimChannel {
  readonly name = 'wall-time';

  constructor(
    private readonly options: {
      readonly clock: IClock;
      readonly ends: readonly IJobEnd[];
      readonly warningMs: number;
    }
  ) {}

  start(report: IChannelReport): IDisposable {
    let timer: IDisposable | null = null;
    const look = (): void => {
      const nextMs = this.look(report);
      timer = nextMs === null ? null : this.options.clock.after(nextMs, look);
    };
    look();
    return { dispose: () => timer?.dispose() };
  }

  /** Says which ends are near. Gives the time until the next look in ms; null = all are past. */
  private look(report: IChannelReport): number | null {
    const { clock, ends, warningMs } = this.options;
    const nowMs = this.steady.wallMs(clock.wallMs(), clock.monotonicMs());
    const coming = ends.filter(({ endMs }) => endMs + PAST_MS > nowMs);
    for (const { variable } of ends.filter(end => !coming.includes(end))) {
      report.trouble(`The time in ${variable} is past and the job still runs: it is not heeded any more.`);
    }
    for (const end of coming) {
      if (end.endMs - nowMs <= warningMs) {
        this.told.add(end);
      }
    }
    report.says(
      coming
        .filter(end => this.told.has(end))
        .map(({ variable, source, endMs }) => ({
          key: variable,
          kind: 'wall-time',
          deadlineMs: endMs,
          source
        }))
    );
    const waits = coming.filter(end => !this.told.has(end)).map(({ endMs }) => endMs - warningMs - nowMs);
    return coming.length === 0 ? null : Math.min(LOOK_MS, ...waits);
  }

  private readonly steady = new SteadyWall();
  private readonly told = new Set<IJobEnd>();
}
