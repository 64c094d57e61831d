import { nullTranslator } from '@jupyterlab/translation';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal } from '@lumino/signaling';
import { DeathTeller } from '../src/deaths/death-teller.js';
import { FrontDesk } from '../src/deaths/front-desk.js';
import { LostConnection } from '../src/deaths/lost-connection.js';
import { PastDeaths } from '../src/deaths/past-deaths.js';
import { type IKeep, RememberedIds } from '../src/deaths/remembered-ids.js';
import type { ICellRun } from '../src/deaths/running-cells.js';
import { Speech } from '../src/deaths/speech.js';
import { Switches } from '../src/deaths/switches.js';
import { FeedbackBook } from '../src/help/feedback-book.js';
import { RequestsLink } from '../src/help/requests-link.js';
import { DEATH_MS } from './example-events.js';
import { FakeCompanion } from './fake-companion.js';

export interface IPagePartsOptions {
  readonly settings?: ISettingRegistry | null;
  readonly keep?: IKeep | null;
  readonly companion?: FakeCompanion;
}

/** What tells deaths in one page, joined as in `explainDeaths`; only the companion and the cells are the test's. */
export class PageParts {
  constructor({ settings = null, keep = null, companion = new FakeCompanion() }: IPagePartsOptions = {}) {
    const speech = new Speech(nullTranslator, () => DEATH_MS);
    const now = (): number => this.nowMs;
    this.companion = companion;
    this.switches = new Switches(settings, part => companion.isDisabled(part));
    this.told = new RememberedIds(keep, 'told');
    this.feedback = new FeedbackBook(new RequestsLink(companion), keep, 'feedback');
    this.desk = new FrontDesk(speech, () => ({
      runbookUrl: null,
      feedback: this.feedback,
      onHelp: () => undefined,
      act: () => Promise.resolve('done'),
      copy: () => Promise.resolve('copied')
    }));
    const common = { companion, speech, switches: this.switches, told: this.told };
    this.teller = new DeathTeller({
      ...common,
      desk: this.desk,
      documents: { ofKernel: () => [], ofPath: () => [] },
      runs: { found: this.runFound, atDeath: () => null },
      now,
      onVerdict: kernelId => this.verdicts.push(kernelId),
      activate: () => undefined
    });
    this.lost = new LostConnection({ ...common, now });
    this.past = new PastDeaths({
      ...common,
      teller: this.teller,
      onContainerEnd: () => this.lost.takeBack()
    });
  }

  readonly companion: FakeCompanion;
  readonly feedback: FeedbackBook;
  readonly switches: Switches;
  readonly told: RememberedIds;
  /** Kernels whose verdict was told, in order. */
  readonly verdicts: string[] = [];
  /** Lab's own news that a kernel died while a cell ran. */
  readonly runFound: Signal<this, ICellRun> = new Signal<this, ICellRun>(this);
  /** A clock that does not jump, in milliseconds. */
  nowMs = 100_000;

  /** The page is closed. */
  close(): void {
    [this.past, this.lost, this.teller, this.desk, this.switches].forEach(part => part.dispose());
  }

  private readonly desk: FrontDesk;
  private readonly teller: DeathTeller;
  private readonly lost: LostConnection;
  private readonly past: PastDeaths;
}
