import type { PowerMachine } from './power-machine.mjs';

/** A document, and what of it must be there whatever happens. */
export interface IPromise {
  readonly path: string;
  readonly seed: string;
  readonly isNotebook: boolean;
  /** Edits that the journal or a save has acknowledged. */
  ackedEdits: number;
  /** Edits that a save has acknowledged: so many the file itself must hold. */
  savedEdits: number;
  /** It was found as promised; the next life looks at it once more, and removes it. */
  isChecked: boolean;
}

/** What a machine says, see `tests/machine/inside/power.mjs`. */
interface IReport {
  readonly kind: string;
  readonly path?: string;
  readonly edits?: number | null;
  readonly what?: string;
  readonly problem?: string | null;
  readonly document?: Pick<IPromise, 'path' | 'seed' | 'isNotebook'>;
}

type Cut = (random: () => number) => { readonly unflushedSectors: number; readonly keptSectors: number };

/** What became of one life of the machine. */
export interface ILife {
  readonly life: number;
  /** In what the power went: `work`, `recovery`; null = it ended by itself. */
  cutIn: 'work' | 'recovery' | null;
  /** When the power went: at any moment, when the disk was to write or to flush, or when something had become safe. */
  readonly cutAt: (typeof MOMENTS)[number];
  unflushedSectors: number;
  keptSectors: number;
  acknowledged: number;
  saved: number;
  /** Documents whose recovery was looked at, and those of them whose copy had a `problem` that was told. */
  recovered: number;
  doubts: string[];
  problems: IReport[];
}

const MOMENTS = ['any', 'write', 'flush', 'acknowledged'] as const;

/** How long it works on, once the journal has acknowledged something, before the power goes, in ms. */
const WORK_MS = [0, 12_000] as const;
/** And how long it may look at what is there. */
const LOOK_MS = [0, 8000] as const;
/** Far more than a life takes: a machine that is emulated on a busy one is slow. */
const LIFE_MS = 1_500_000;
/** So long the power is away, by the machine's clock: a journal that was silent for so long is nobody's any more. */
const DARK_MS = 120_000;

/** Lives of a machine whose power goes, one after the other, and what each of them promised to the next one. */
export class Lives {
  constructor(machine: PowerMachine, random: () => number, environment: Readonly<Record<string, string>>) {
    this.machine = machine;
    this.random = random;
    this.environment = environment;
  }

  readonly all: ILife[] = [];
  /** Acknowledged edits that were not there. */
  lostEdits = 0;

  /** One life. @param isLast - it only looks what is there. */
  async live(isLast: boolean): Promise<ILife> {
    const { random } = this;
    const number = this.all.length;
    const inRecovery = !isLast && this.promises.size > 0 && random() < 0.2;
    const life: ILife = {
      ...{ life: number, cutIn: null, cutAt: MOMENTS[Math.floor(MOMENTS.length * random())] ?? 'any' },
      ...{
        unflushedSectors: 0,
        keptSectors: 0,
        acknowledged: 0,
        saved: 0,
        recovered: 0,
        doubts: [],
        problems: []
      }
    };
    this.all.push(life);
    const order = {
      ...{
        life: number,
        seed: `${number}-${Math.floor(1e9 * random())}`,
        works: !isLast,
        removes: !inRecovery
      },
      ...{ documents: [...this.promises.values()], environment: this.environment }
    };
    let isDone = false;
    let happened: (moment: string) => void = () => undefined;
    this.machine.disk.watch = moment => happened(moment);
    const cutAfter = ([from, to]: readonly [number, number], what: 'work' | 'recovery', cut: Cut): void => {
      setTimeout(
        () => {
          happened = moment => {
            if (life.cutIn === null && (life.cutAt === 'any' || moment === life.cutAt)) {
              life.cutIn = what;
              Object.assign(life, cut(random));
            }
          };
          happened('any');
        },
        from + (to - from) * random()
      );
    };
    const lastWords: string[] = [];
    const onConsole = (line: string): void => {
      lastWords.push(line);
      lastWords.splice(0, lastWords.length - 30);
    };
    await this.machine
      .live(
        'power',
        order,
        (report: IReport, cut: Cut) => {
          if (report.kind === 'up' && inRecovery) cutAfter(LOOK_MS, 'recovery', cut);
          if (report.kind === 'acknowledged' && life.acknowledged === 0 && !inRecovery)
            cutAfter(WORK_MS, 'work', cut);
          isDone ||= report.kind === 'done';
          this.hear(report, life);
          happened(report.kind === 'restored' || report.kind === 'saved' ? 'acknowledged' : report.kind);
        },
        { timeoutMs: LIFE_MS, startsAtMs: this.startsAtMs + number * DARK_MS, onConsole }
      )
      .catch((error: unknown) => {
        throw new Error(`life ${number}: ${JSON.stringify(life)}: ${lastWords.join('\n')}`, { cause: error });
      });
    if (isLast ? !isDone : life.cutIn === null)
      throw new Error(`life ${number} ended by itself: ${JSON.stringify(life)}: ${lastWords.join('\n')}`);
    return life;
  }

  private hear(report: IReport, life: ILife): void {
    const promise = report.path === undefined ? undefined : this.promises.get(report.path);
    const edits = report.edits ?? 0;
    switch (report.kind) {
      case 'begun':
        if (report.document) {
          this.promises.set(report.document.path, {
            ...{ ...report.document, ackedEdits: 0, savedEdits: 0, isChecked: false }
          });
        }
        break;
      case 'acknowledged':
      case 'saved':
        if (promise) {
          life[report.kind] += 1;
          promise.ackedEdits = Math.max(promise.ackedEdits, edits);
          if (report.kind === 'saved') promise.savedEdits = Math.max(promise.savedEdits, edits);
        }
        break;
      case 'original':
        if (promise && edits >= promise.ackedEdits) this.isThere(promise, edits);
        break;
      case 'recovered':
        life.recovered += 1;
        if (report.problem) life.doubts.push(report.problem);
        break;
      case 'restored':
        if (promise) this.isThere(promise, edits);
        break;
      case 'problem':
        life.problems.push(report);
        if (promise) {
          // A file that is damaged may still be recovered, but it was promised to be whole.
          this.lostEdits += Math.max(1, promise.ackedEdits);
          this.promises.delete(promise.path);
        }
        break;
      case 'removed':
        if (promise) this.promises.delete(promise.path);
        break;
    }
  }

  private isThere(promise: IPromise, edits: number): void {
    promise.isChecked = true;
    promise.ackedEdits = promise.savedEdits = edits;
  }

  private readonly machine: PowerMachine;
  private readonly random: () => number;
  private readonly environment: Readonly<Record<string, string>>;
  private readonly promises = new Map<string, IPromise>();
  private readonly startsAtMs = Date.now();
}
