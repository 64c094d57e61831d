import { executing, Receiver, runClosed, runOpened, runSaved, type RunId } from '@labkeeper/protocol';
import type { IDisposable } from '../clock.js';
import type { Executions } from '../iopub/executions.js';
import { JournalLink, type IPagePort } from '../journal/journal-link.js';
import type { JournalStore } from '../journal/journal-store.js';

/** What one page says about its documents: runs of the journal, and which cells its kernels run. */
export class PageSaves implements IDisposable {
  constructor(
    store: JournalStore | null,
    private readonly executions: Executions | null,
    port: IPagePort,
    receiver: Receiver
  ) {
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
        .on(runSaved, ({ run }) => this.over(run))
        .on(runClosed, ({ run }) => this.over(run))
    );
  }

  /** Tells how the journal stands: after hello. */
  greet(): void {
    this.journal.greet();
  }

  /** Takes a bulk frame. @returns false when it is none. @throws MessageError when it is a bad one. */
  takeBulk(frame: Buffer): boolean {
    return this.journal.takeBulk(frame);
  }

  /** The page is gone; what its kernels put out from now on goes to the journal. */
  dispose(): void {
    this.journal.dispose();
    this.runs.forEach(run => this.executions?.pageGone(run));
  }

  private over(run: RunId): void {
    this.runs.delete(run);
    this.executions?.runClosed(run);
  }

  private readonly journal: JournalLink;
  private readonly runs = new Set<RunId>();
}
