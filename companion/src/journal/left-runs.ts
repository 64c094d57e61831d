import type { RunId } from '@labkeeper/protocol';
import type { IEarlierRun } from './earlier-run.js';
import type { JournalStore } from './journal-store.js';

export interface ILeftRunsOptions {
  readonly store: Pick<JournalStore, 'readBack' | 'unattended' | 'closed'>;
  /** Of this companion. */
  readonly boot: string;
  /** Runs of earlier companions. */
  readonly earlier: {
    readonly all: readonly IEarlierRun[];
    read(): Promise<void>;
    forget(run: IEarlierRun): Promise<void>;
  };
  /** Nothing more of a run is of interest. */
  readonly forgotten: (run: RunId) => void;
  /** `all` is another list. */
  readonly changed: () => void;
}

/**
 * Everything that nobody works on any more and that holds more than its file: runs of earlier companions, and those of
 * this one whose page is gone and whose work is offered.
 */
export class LeftRuns {
  constructor(private readonly options: ILeftRunsOptions) {}

  get all(): readonly IEarlierRun[] {
    return [...this.options.earlier.all, ...this.offered.values()];
  }

  /** Reads what earlier companions left. @throws the system's error. */
  read(): Promise<void> {
    return this.options.earlier.read();
  }

  /** A run of this companion is offered. @throws the system's error when it cannot be read back. */
  async offer(id: RunId): Promise<void> {
    const { runs, dispose } = await this.options.store.readBack(new Set([id]));
    dispose();
    const run = runs.at(-1);
    if (run && this.isLeft(id)) {
      this.offered.set(id, run);
      this.options.changed();
    }
  }

  /** Some of them may have a page again, or be closed. */
  review(): void {
    const gone = [...this.offered.keys()].filter(id => !this.isLeft(id));
    gone.forEach(id => this.offered.delete(id));
    if (gone.length > 0) {
      this.options.changed();
    }
  }

  /** It has been recovered, or nobody wants it. */
  async forget(run: IEarlierRun): Promise<void> {
    const { boot, earlier, store, forgotten, changed } = this.options;
    if (run.boot !== boot) {
      await earlier.forget(run);
      return;
    }
    this.offered.delete(run.run);
    store.closed(run.run);
    forgotten(run.run);
    changed();
  }

  private isLeft(id: RunId): boolean {
    return this.options.store.unattended(0).some(({ run }) => run === id);
  }

  private readonly offered = new Map<RunId, IEarlierRun>();
}
