// Thousands of companions in a few processes.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FleetOrder, IFleetReport } from './fleet-messages.mts';

const PROGRAM = fileURLToPath(new URL('fleet-process.mts', import.meta.url));

export interface IFleetOptions {
  readonly port: number;
  readonly prefix: string;
  readonly tokens: readonly string[];
  readonly processes: number;
  /** All start evenly over this time. */
  readonly overMs: number;
  readonly recordsPerMinute: number;
}

/** A fleet of companions, from `start` to `stop`. */
export class Fleet {
  private constructor(children: readonly ChildProcess[]) {
    this.children = children;
  }

  static start({ port, prefix, tokens, processes, overMs, recordsPerMinute }: IFleetOptions): Fleet {
    const fleet = new Fleet(Array.from({ length: processes }, () => fork(PROGRAM)));
    fleet.children.forEach((child, i) =>
      order(child, {
        do: 'start',
        // Each process has an address of its own to speak to: one has only some 28 000 ports to speak from.
        serviceUrl: `http://127.0.0.${i + 1}:${port}${prefix}`,
        tokens: tokens.filter((_, n) => n % processes === i),
        ...{ overMs, recordsPerMinute }
      })
    );
    return fleet;
  }

  /** From now on it counts who is back. */
  cut(): void {
    this.children.forEach(child => order(child, { do: 'cut' }));
  }

  /** What became of all of them so far. */
  async report(): Promise<IFleetReport> {
    const reports = await Promise.all(
      this.children.map(async child => {
        const answer = once(child, 'message');
        order(child, { do: 'report' });
        const [report]: IFleetReport[] = await answer;
        if (!report) throw new Error('a process of companions said nothing');
        return report;
      })
    );
    const seconds: Record<string, Record<string, number>> = {};
    for (const report of reports) {
      for (const [second, counts] of Object.entries(report.seconds)) {
        const sum = (seconds[second] ??= {});
        for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
      }
    }
    return {
      backAtMs: reports.flatMap(({ backAtMs }) => backAtMs),
      waiting: reports.reduce((sum, { waiting }) => sum + waiting, 0),
      told: reports.flatMap(({ told }) => told),
      seconds,
      cpuMs: reports.reduce((sum, { cpuMs }) => sum + cpuMs, 0)
    };
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.children.map(async child => {
        if (child.exitCode !== null) return;
        const ended = once(child, 'exit');
        order(child, { do: 'stop' });
        await ended;
      })
    );
  }

  private readonly children: readonly ChildProcess[];
}

function order(child: ChildProcess, what: FleetOrder): void {
  child.send(what);
}

/** What all companions asked in each second from `fromMs` to `toMs` (epoch ms), and what they were answered, by name. */
export function countsOf(
  report: IFleetReport,
  fromMs: number,
  toMs: number
): { readonly perSecond: number[]; readonly answers: Record<string, number> } {
  const perSecond: number[] = [];
  const answers: Record<string, number> = {};
  for (let second = Math.floor(fromMs / 1000); second < Math.floor(toMs / 1000); second++) {
    let asked = 0;
    for (const [name, count] of Object.entries(report.seconds[second] ?? {})) {
      if (name.includes(' ')) answers[name] = (answers[name] ?? 0) + count;
      else asked += count;
    }
    perSecond.push(asked);
  }
  return { perSecond, answers };
}
