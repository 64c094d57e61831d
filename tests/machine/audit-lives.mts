import type { ILogCheck } from '../../bench/lib/stored-log.mts';
import type { PowerMachine } from './power-machine.mjs';

/** What a machine says, see `inside/audit-power.mjs`. */
interface IReport extends Partial<ILogCheck> {
  readonly kind: string;
  readonly mark?: string;
  readonly upTo?: number;
  readonly what?: string;
}

type Cut = (random: () => number) => { readonly unflushedSectors: number; readonly keptSectors: number };

/** When the power goes: at any moment, when the disk is to write or to flush, or when something was acknowledged. */
const MOMENTS = ['any', 'write', 'flush', 'acknowledged'] as const;
/** How long it works on after the first acknowledgement, before the power goes, in ms. */
const WORK_MS = 8000;
/** How long it may be up where it goes before that. */
const START_MS = 25_000;
/** So often it goes before the machine is at work: while the service recovers, or the companion sends what was left. */
const EARLY = 0.2;
/** Far more than a life takes: a machine that is emulated on a busy one is slow. */
const LIFE_MS = 900_000;
/** So long the power is away, by the machine's clock. */
const DARK_MS = 60_000;

/** What became of one life of the machine. */
export interface IAuditLife {
  readonly cutAt: (typeof MOMENTS)[number];
  cutIn: 'work' | 'start' | null;
  unflushedSectors: number;
  keptSectors: number;
  /** Acknowledgements that came out of it. */
  acknowledged: number;
  /** What it found of everything that was acknowledged before; null = the power went earlier. */
  check: Pick<ILogCheck, 'records' | 'lost' | 'twice'> | null;
}

/** Lives of a machine with a hub service and a companion, one after the other on the same disk. */
export class AuditLives {
  constructor(machine: PowerMachine, random: () => number, environment: Readonly<Record<string, string>>) {
    this.machine = machine;
    this.random = random;
    this.environment = environment;
  }

  readonly all: IAuditLife[] = [];
  /** What no life should say. */
  readonly problems: string[] = [];
  /** The newest look at the log. */
  last: ILogCheck | null = null;

  /** Records whose acknowledgement left the machine. */
  get acknowledged(): number {
    return [...this.promised.values()].reduce((sum, upTo) => sum + upTo, 0);
  }

  /** One life. @param isLast - it only looks what is there. @returns false = nothing can go on from here. */
  async live(isLast: boolean): Promise<boolean> {
    const { random } = this;
    const number = this.all.length;
    const isEarly = !isLast && number > 0 && random() < EARLY;
    const life: IAuditLife = {
      ...{ cutAt: MOMENTS[Math.floor(MOMENTS.length * random())] ?? 'any', cutIn: null },
      ...{ unflushedSectors: 0, keptSectors: 0, acknowledged: 0, check: null }
    };
    this.all.push(life);
    let happened: (moment: string) => void = () => undefined;
    this.machine.disk.watch = moment => happened(moment);
    const cutWithin = (ms: number, what: 'work' | 'start', cut: Cut): void => {
      setTimeout(() => {
        happened = moment => {
          if (life.cutIn === null && (life.cutAt === 'any' || moment === life.cutAt)) {
            life.cutIn = what;
            Object.assign(life, cut(random));
          }
        };
        happened('any');
      }, ms * random());
    };
    const console: string[] = [];
    const order = {
      ...{ works: !isLast, mark: `kept-${number}`, environment: this.environment },
      promised: [...this.promised].map(([mark, upTo]) => ({ mark, upTo }))
    };
    const hear = (report: IReport, cut: Cut): void => {
      if (report.kind === 'up' && isEarly) cutWithin(START_MS, 'start', cut);
      if (report.kind === 'acknowledged') {
        if (life.acknowledged === 0 && !isEarly) cutWithin(WORK_MS, 'work', cut);
        life.acknowledged += 1;
        this.promised.set(report.mark ?? '', report.upTo ?? 0);
      }
      if (report.kind === 'problem') this.problems.push(`life ${number}: ${report.what}`);
      if (report.kind === 'checked') this.look(life, report);
      happened(report.kind);
    };
    await this.machine.live('audit-power', order, hear, {
      ...{ timeoutMs: LIFE_MS, startsAtMs: this.startsAtMs + number * DARK_MS },
      onConsole: line => void console.splice(0, Math.max(0, console.push(line) - 30))
    });
    if (isLast ? life.check === null : life.cutIn === null) {
      this.problems.push(`life ${number} ended by itself: ${console.join('\n')}`);
      return false;
    }
    return true;
  }

  private look(life: IAuditLife, report: IReport): void {
    const { records = 0, lost = 0, lostNames = [], twice = 0, wrong = [] } = report;
    this.last = { records, lost, lostNames, twice, wrong };
    life.check = { records, lost, twice };
    this.problems.push(...wrong.map(what => `life ${this.all.length - 1}: ${what}`));
  }

  private readonly machine: PowerMachine;
  private readonly random: () => number;
  private readonly environment: Readonly<Record<string, string>>;
  private readonly promised = new Map<string, number>();
  private readonly startsAtMs = Date.now();
}
