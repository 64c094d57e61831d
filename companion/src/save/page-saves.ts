import {
  encode,
  executing,
  Receiver,
  recoveriesKnown,
  recoveryDecided,
  runClosed,
  runOpened,
  runSaved,
  spliceAsked,
  spliceDone,
  type Recovery,
  type RunId,
  type SpliceOutcome
} from '@labkeeper/protocol';
import type { IDisposable } from '../clock.js';
import type { Executions } from '../iopub/executions.js';
import { JournalLink, type IPagePort } from '../journal/journal-link.js';
import type { JournalStore } from '../journal/journal-store.js';
import type { ISpliceAsked } from './splices.js';
import type { Decision } from '../recovery/recovery-state.js';

export interface IPageSavesOptions {
  readonly store: JournalStore | null;
  readonly executions: Executions | null;
  readonly port: IPagePort;
  /** Takes the page's messages. */
  readonly receiver: Receiver;
  readonly recoveries: () => readonly Recovery[];
  readonly decide: (id: string, decision: Decision) => void;
  readonly splice: (asked: ISpliceAsked) => Promise<SpliceOutcome>;
  readonly gone: () => void;
}

/** What one page says about its documents: runs of the journal, which cells its kernels run, what is recovered. */
export class PageSaves implements IDisposable {
  constructor(private readonly options: IPageSavesOptions) {
    const { store, executions, port, receiver, decide } = options;
    this.journal = new JournalLink(store, port);
    this.journal.listen(receiver);
    receiver.join(
      new Receiver()
        .on(runOpened, ({ run, replaces }) => {
          this.runs.add(run);
          if (replaces !== null) {
            this.over(replaces);
          }
        })
        .on(executing, execution => {
          if (this.runs.has(execution.run)) {
            executions?.executing(execution);
          }
        })
        .on(recoveryDecided, ({ id, decision }) => decide(id, decision))
        .on(runSaved, ({ run }) => this.over(run))
        .on(runClosed, ({ run }) => this.over(run))
        .on(spliceAsked, asked => void this.splice(asked))
    );
  }

  /** Tells how the journal stands, and what is recovered: after hello. */
  greet(): void {
    this.journal.greet();
    this.recovered();
  }

  /** What is recovered is another list. */
  recovered(): void {
    const { port, recoveries } = this.options;
    port.keep('recoveries', () => encode(recoveriesKnown, { recoveries: [...recoveries()] }));
  }

  /** Takes a bulk frame. @returns false when it is none. @throws MessageError when it is a bad one. */
  takeBulk(frame: Buffer): boolean {
    return this.journal.takeBulk(frame);
  }

  /** The page is gone; what its kernels put out from now on goes to the journal. */
  dispose(): void {
    this.journal.dispose();
    this.runs.forEach(run => this.options.executions?.pageGone(run));
    this.options.gone();
  }

  private async splice(asked: ISpliceAsked): Promise<void> {
    const { run, seq } = asked;
    const outcome = await this.options.splice(asked);
    this.options.port.keep(`spliced ${run}`, () => encode(spliceDone, { run, seq, outcome }));
  }

  private over(run: RunId): void {
    this.runs.delete(run);
    this.options.executions?.runClosed(run);
  }

  private readonly journal: JournalLink;
  private readonly runs = new Set<RunId>();
}
