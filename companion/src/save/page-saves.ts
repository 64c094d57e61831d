import {
  documentHidden,
  documentShown,
  documentsOpen,
  encode,
  executing,
  outputsCollected,
  outputsEnd,
  outputsTaken,
  Receiver,
  recoveriesKnown,
  recoveryDecided,
  runClosed,
  runOpened,
  runSaved,
  spliceAsked,
  spliceDone,
  writersKnown,
  type parseParams,
  sessionKnown,
  sessionNow,
  sessionSeen,
  type Recovery,
  type RunId,
  type SpliceOutcome
} from '@labkeeper/protocol';
import type { IDisposable } from '../clock.js';
import type { Executions } from '../iopub/executions.js';
import type { FollowedOutputs } from '../iopub/followed-outputs.js';
import type { OutputsMessage } from '../iopub/outputs-parts.js';
import { JournalLink, type IPagePort } from '../journal/journal-link.js';
import type { JournalStore } from '../journal/journal-store.js';
import type { ISaveWitness } from '../server-events/server-events.js';
import type { ISpliceAsked } from './splices.js';
import type { Decision } from '../recovery/recovery-state.js';
import type { IHandOverPage } from './hand-over.js';
import type { ILeftWorkPage, IShownDocument, LeftWork } from './left-work.js';
import type { IWriterPage, Writers } from './writers.js';

/** The way to a page, also for messages of which none may be left out. */
export interface ISavesPort extends IPagePort {
  /**
   * Sends a message behind all others; `text` is asked for when its turn comes.
   *
   * @returns whether it is on its way; false = the page is gone. Waits while the page reads slowly.
   */
  send(id: string, text: () => string): Promise<boolean>;
}
import type { Resume } from '../resume/resume.js';

export interface IPageSavesOptions {
  readonly store: JournalStore | null;
  readonly executions: Executions | null;
  readonly followed: FollowedOutputs;
  /** What pages left; null = it is not looked after. */
  readonly left: LeftWork<PageSaves> | null;
  readonly writers: Writers;
  /** The page has these documents open. */
  readonly opened: (paths: readonly string[]) => void;
  readonly resume: Resume<PageSaves> | null;
  readonly saves: ISaveWitness | null;
  readonly port: ISavesPort;
  /** Takes the page's messages. */
  readonly receiver: Receiver;
  readonly recoveries: () => readonly Recovery[];
  readonly decide: (id: string, decision: Decision) => void;
  readonly splice: (asked: ISpliceAsked) => Promise<SpliceOutcome>;
  readonly gone: () => void;
}

/** What one page says about its documents: runs of the journal, which cells its kernels run, what is recovered. */
export class PageSaves implements IDisposable, IHandOverPage, ILeftWorkPage, IWriterPage {
  constructor(private readonly options: IPageSavesOptions) {
    const { store, executions, left, resume, port, receiver, decide, writers, saves } = options;
    this.journal = new JournalLink(store, port, saves);
    this.journal.listen(receiver);
    receiver.join(
      new Receiver()
        .on(runOpened, ({ run, path, replaces }) => {
          this.runs.add(run);
          const kernelId = this.shown.get(path)?.kernelId ?? null;
          if (kernelId !== null) {
            executions?.watch(run, kernelId);
          }
          if (replaces !== null) {
            this.runs.delete(replaces);
            executions?.runReplaced(replaces);
          }
          left?.changed();
        })
        .on(executing, execution => this.executing(execution))
        .on(documentsOpen, ({ documents }) => {
          writers.opened(this, documents);
          options.opened(documents.map(({ path }) => path));
        })
        .on(sessionNow, ({ documents }) => resume?.tell(this, documents))
        .on(sessionSeen, ({ id, seen }) => resume?.seen(id, seen))
        .on(recoveryDecided, ({ id, decision }) => decide(id, decision))
        .on(runSaved, ({ run }) => this.over(run))
        .on(runClosed, ({ run }) => this.over(run))
        .on(spliceAsked, asked => void this.splice(asked))
        .on(documentShown, ({ run, ...document }) => this.show(document, run))
        .on(documentHidden, ({ path }) => void this.shown.delete(path))
        .on(outputsTaken, ({ run, all }) => left?.taken(this, run, all))
    );
    left?.add(this);
  }

  readonly shown = new Map<string, IShownDocument>();

  /** Tells how the journal stands, and what is recovered: after hello. */
  greet(): void {
    this.journal.greet();
    this.recovered();
    this.resumed();
  }

  elsewhere(paths: readonly string[]): void {
    this.options.port.keep('writers', () => encode(writersKnown, { elsewhere: [...paths] }));
  }

  /** What is recovered is another list. */
  recovered(): void {
    const { port, recoveries } = this.options;
    port.keep('recoveries', () => encode(recoveriesKnown, { recoveries: [...recoveries()] }));
  }

  /** What is known of the server before is another thing. */
  resumed(): void {
    const { port, resume } = this.options;
    port.keep('session', () => encode(sessionKnown, { session: resume?.earlier ?? null }));
  }

  /** Takes a bulk frame. @returns false when it is none. @throws MessageError when it is a bad one. */
  takeBulk(frame: Buffer): boolean {
    return this.journal.takeBulk(frame);
  }

  send(message: OutputsMessage): Promise<boolean> {
    return this.sendInTurn(() => encode(outputsCollected, message));
  }

  sendEnd(end: Parameters<IHandOverPage['sendEnd']>[0]): Promise<boolean> {
    return this.sendInTurn(() => encode(outputsEnd, end));
  }

  /** The page is gone; what its kernels put out from now on goes to the journal. */
  dispose(): void {
    const { executions, followed, left } = this.options;
    this.journal.dispose();
    this.options.writers.gone(this);
    this.runs.forEach(run => executions?.pageGone(run));
    followed.leave(this);
    left?.leave(this);
    this.options.resume?.gone(this);
    this.options.gone();
  }

  private async splice(asked: ISpliceAsked): Promise<void> {
    const { run, seq } = asked;
    const outcome = await this.options.splice(asked);
    this.options.port.keep(`spliced ${run}`, () => encode(spliceDone, { run, seq, outcome }));
  }

  private executing(execution: ReturnType<typeof parseParams<typeof executing.params>>): void {
    const { executions, followed } = this.options;
    const { run, kernelId, msgId, adopted } = execution;
    const known = executions?.find(kernelId, msgId) ?? null;
    // One that is adopted and not known is over, and what came of it is with the page.
    if (!executions || !this.runs.has(run) || (adopted && known === null)) {
      return;
    }
    executions.executing(execution);
    if (adopted && known) {
      followed.follow(known, kernelId, run, this);
    }
  }

  private show(document: IShownDocument, run: RunId | null): void {
    const { executions, left } = this.options;
    this.shown.set(document.path, document);
    if (run !== null) {
      this.runs.add(run);
      executions?.pageBack(run);
    }
    if (document.kernelId !== null) {
      executions?.attend(document.kernelId);
    }
    left?.changed();
  }

  private over(run: RunId): void {
    this.runs.delete(run);
    this.options.executions?.runClosed(run);
    this.options.left?.changed();
  }

  private sendInTurn(text: () => string): Promise<boolean> {
    this.sent += 1;
    return this.options.port.send(`outputs ${this.sent}`, text);
  }

  private readonly journal: JournalLink;
  private readonly runs = new Set<RunId>();
  private sent = 0;
}
