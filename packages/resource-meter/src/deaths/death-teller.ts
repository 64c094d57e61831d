import type { CodeCell } from '@jupyterlab/cells';
import type { Death } from '@labkeeper/protocol';
import type { ICompanion } from '@labkeeper/labkit';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { CellMark } from './cell-mark.js';
import type { IOpenDocument, OpenDocuments } from './documents.js';
import { eventHeadline, explainDeath } from './explanation.js';
import type { FrontDesk } from './front-desk.js';
import type { RememberedIds } from './remembered-ids.js';
import type { ICellRun, RunningCells } from './running-cells.js';
import type { Speech } from './speech.js';
import type { Switches } from './switches.js';
import type { ITold } from './telling.js';

/** A death is the one that Lab's dialog is about when it was heard this shortly before, in milliseconds. */
const SAME_DEATH_MS = 10_000;
/** Stories kept for "details"; the companion keeps all. */
const STORIES = 50;

export interface IDeathTellerOptions {
  readonly companion: ICompanion;
  readonly speech: Speech;
  readonly desk: FrontDesk;
  readonly documents: Pick<OpenDocuments, 'ofKernel' | 'ofPath'>;
  readonly runs: Pick<RunningCells, 'atDeath'> & { readonly found: ISignal<unknown, ICellRun> };
  readonly switches: Switches;
  readonly told: RememberedIds;
  /** A clock in milliseconds that does not jump. */
  readonly now: () => number;
  /** A verdict about this kernel is about to be told. */
  readonly onVerdict: (kernelId: string) => void;
  /** Brings a document of the page to the front. */
  readonly activate: (document: IOpenDocument) => void;
}

interface IStory {
  readonly death: Death;
  readonly run: ICellRun | null;
  readonly heardMs: number;
}

interface IMarked {
  readonly run: ICellRun;
  readonly mark: CellMark;
  readonly story: IStory | null;
}

/** Tells each death once, in one dialog per kernel, and marks the cell that ran. */
export class DeathTeller implements IDisposable {
  constructor(private readonly options: IDeathTellerOptions) {
    options.companion.deathSeen.connect(this.onDeath, this);
    options.runs.found.connect(this.onRun, this);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    Signal.disconnectReceiver(this);
    [...this.marks.values()].forEach(({ mark }) => mark.dispose());
  }

  /** Whether a death of this kernel was heard just now. */
  isTold(kernelId: string): boolean {
    const story = this.stories.get(kernelId);
    return story !== undefined && this.options.now() - story.heardMs < SAME_DEATH_MS;
  }

  /** Opens the dialog about a death, of now or of the past. */
  open(death: Death): void {
    const story = this.stories.get(death.evidence.kernel.kernelId);
    const same = story?.death.id === death.id;
    this.options.desk.show(
      death.evidence.kernel.kernelId,
      this.toldOf(same ? story : { death, run: null, heardMs: 0 })
    );
  }

  /** Hears of a death: new, or with news. */
  hear(death: Death): void {
    if (!isOurs(death)) {
      return;
    }
    const { desk, runs, switches, told, onVerdict, now } = this.options;
    const kernelId = death.evidence.kernel.kernelId;
    const before = this.stories.get(kernelId);
    const isNext =
      before === undefined ||
      before.death.id !== death.id ||
      death.evidence.series > before.death.evidence.series;
    const isFinal = death.consequence === 'gave-up' && before?.death.consequence !== 'gave-up';
    const run = isNext ? runs.atDeath(kernelId) : before.run;
    const story: IStory = { death, run, heardMs: now() };
    this.remember(kernelId, story);
    if (run !== null) {
      this.mark(run, story);
    }
    told.add(death.id);
    if (!switches.showDeathDialog) {
      return;
    }
    onVerdict(kernelId);
    if (isNext || isFinal) {
      desk.show(kernelId, this.toldOf(story));
    } else {
      desk.update(kernelId, this.toldOf(story));
    }
  }

  private onDeath(_: ICompanion, death: Death): void {
    // A user who switched these off is not told before their settings are read. The cell that ran is not lost
    // meanwhile: `RunningCells` keeps it.
    this.whenReady(() => this.hear(death));
  }

  private onRun(_: unknown, run: ICellRun): void {
    this.whenReady(() => this.noteRun(run));
  }

  private whenReady(act: () => void): void {
    void this.options.switches.ready.then(() => {
      if (!this.disposed) {
        act();
      }
    });
  }

  /** Lab's news of the death came while the cell still ran: before the companion's, or after it. */
  private noteRun(run: ICellRun): void {
    const story = this.stories.get(run.kernelId);
    if (story === undefined || !this.isTold(run.kernelId) || story.run !== null) {
      this.mark(run, null);
      return;
    }
    const completed: IStory = { ...story, run: this.options.runs.atDeath(run.kernelId) ?? run };
    this.remember(run.kernelId, completed);
    this.mark(run, completed);
    this.options.desk.update(run.kernelId, this.toldOf(completed));
  }

  private toldOf({ death, run }: IStory): ITold {
    const { documents, speech, activate } = this.options;
    const { kernelId, path } = death.evidence.kernel;
    const canStart =
      documents.ofKernel(kernelId).length > 0 || (path !== null && documents.ofPath(path).length > 0);
    return {
      event: death,
      explanation: explainDeath(death, run, canStart, speech),
      cell: run,
      onCell:
        run === null || run.cell.isDisposed
          ? null
          : () => {
              activate(run.document);
              void run.document.reveal(run.cell);
            }
    };
  }

  private mark(run: ICellRun, story: IStory | null): void {
    const { cell } = run;
    if (!this.options.switches.markCell || cell.isDisposed) {
      return;
    }
    const { speech, desk } = this.options;
    const marked = this.marks.get(cell);
    if (marked?.run !== run) {
      marked?.mark.dispose();
    }
    const mark =
      this.marks.get(cell)?.mark ??
      new CellMark(
        cell,
        speech,
        () => {
          const now = this.marks.get(cell)?.story;
          if (now != null) {
            desk.show(run.kernelId, this.toldOf(now));
          }
        },
        () => this.marks.delete(cell)
      );
    this.marks.set(cell, { run, mark, story });
    mark.say(story && eventHeadline(story.death, speech));
  }

  private remember(kernelId: string, story: IStory): void {
    this.stories.delete(kernelId);
    this.stories.set(kernelId, story);
    const oldest = this.stories.keys().next();
    if (this.stories.size > STORIES && oldest.done !== true) {
      this.stories.delete(oldest.value);
    }
  }

  private readonly stories = new Map<string, IStory>();
  private readonly marks = new Map<CodeCell, IMarked>();
  private disposed = false;
}

/** Not what somebody asked for, and not what runs where nothing can be seen. */
function isOurs(death: Death): boolean {
  const { cause } = death.verdict;
  return cause !== 'asked-for' && cause !== 'runs-elsewhere' && death.evidence.intent === 'none';
}
