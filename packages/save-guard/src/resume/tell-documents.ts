import type { IClock, ICompanion } from '@labkeeper/labkit';
import { encode, MOST_NOTED, sessionNow, type OpenDocument } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import type { GuardManager } from '../guard-manager.js';
import type { RunningCells } from './running-in-documents.js';

/** What changes within this time is told together. */
const SOON_MS = 1000;

/** Tells the companion which documents are open and what runs in them, so that the next server can say what was open. */
export class OpenDocumentsTeller {
  constructor(
    private readonly options: {
      readonly manager: GuardManager;
      readonly running: RunningCells;
      readonly companion: ICompanion;
      readonly clock: IClock;
    }
  ) {
    const { manager, running, companion } = options;
    manager.changed.connect(this.soon, this);
    running.changed.connect(this.soon, this);
    companion.stateChanged.connect(() => {
      // Another companion, or the same one without us in between.
      this.told = null;
      this.soon();
    });
  }

  private soon(): void {
    this.timer ??= this.options.clock.after(SOON_MS, () => {
      this.timer = null;
      this.tell();
    });
  }

  private tell(): void {
    const { companion } = this.options;
    const text = encode(sessionNow, { documents: this.documents() });
    // An empty list is news only where there was another: a page that has just loaded opens its documents in a moment.
    const isNews = text !== (this.told ?? encode(sessionNow, { documents: [] }));
    if (isNews && companion.state === 'connected' && companion.send(text)) {
      this.told = text;
    }
  }

  private documents(): OpenDocument[] {
    const { manager, running } = this.options;
    return manager.guards.slice(0, MOST_NOTED).map(({ context, kind, savedAtMs }) => ({
      path: context.path,
      kind,
      savedAtMs,
      running: running.of(context)
    }));
  }

  private told: string | null = null;
  private timer: IDisposable | null = null;
}
