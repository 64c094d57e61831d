import type { Recovery } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { IEarlierRun } from '../journal/earlier-run.js';
import { CopyMaker, type ICopyMakerOptions } from './copy-maker.js';
import type { Decision } from './recovery-state.js';
import { CopyRestorer } from './restore-copy.js';
import { RunRecovery, type IRunRecoveryOptions } from './run-recovery.js';

/** A page whose companion was replaced is back within this time, or it is gone. */
const PAGE_WAIT_MS = 60_000;

/** Where the home cannot be read it is tried again so much later, then after twice that, up to the second figure. */
const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 300_000;

export interface IRecoveriesOptions
  extends ICopyMakerOptions, Omit<IRunRecoveryOptions, 'maker' | 'restorer'> {
  readonly clock: IClock;
  /** Of this companion: for its own runs nobody waits any more. Default: none of the runs is its own. */
  readonly boot?: string;
  /** The list is another one. */
  readonly changed: (recoveries: readonly Recovery[]) => void;
  /** How long pages of this server have to come back and settle their runs, in ms. Default 60 s. */
  readonly pageWaitMs?: number;
}

interface IItem {
  readonly recovery: RunRecovery;
  /** Waits for the run's page; null = does not. */
  readonly wait: IDisposable | null;
}

/**
 * Runs of earlier companions that hold more than their files: makes a copy of each beside the document, one after the
 * other in the background, and does with it what the user decides. A run stays in the journal until then.
 *
 * All of it may hang where the home does. Nothing waits for it.
 */
export class Recoveries implements IDisposable {
  constructor(private readonly options: IRecoveriesOptions) {
    this.parts = { ...options, maker: new CopyMaker(options), restorer: new CopyRestorer(options) };
  }

  /** For pages, the document that was written last last. */
  get all(): readonly Recovery[] {
    return [...this.items.values()]
      .map(({ recovery }) => recovery.told)
      .filter(told => told !== null)
      .sort((a, b) => a.lastAtMs - b.lastAtMs);
  }

  /** Begins, in the background. */
  start(): void {
    void this.inTurn('of earlier starts', async () => {
      try {
        await this.options.state.load(this.options.clock.wallMs());
        await this.options.earlier.read();
      } catch (error) {
        this.startAgain();
        throw error;
      }
      this.isRead = true;
      this.update();
    });
  }

  /** The list of earlier runs is another one: more were found, or a page has settled some. */
  earlierChanged(): void {
    if (this.isRead) {
      this.update();
    }
  }

  /**
   * Does what the user decided about one of the list.
   *
   * @returns resolves when it is done, or could not be, which the list then tells. Never, where the home hangs.
   */
  async decide(id: string, decision: Decision): Promise<void> {
    const recovery = this.items.get(id)?.recovery;
    if (recovery) {
      await this.inTurn(`of ${recovery.run.path}`, async () => {
        if (!recovery.isDone) {
          await recovery.decide(decision);
          this.publish();
        }
      });
    }
  }

  /** Resolves when all that is known now has been done. Never, where the home hangs. */
  settled(): Promise<void> {
    return this.turn;
  }

  dispose(): void {
    this.isDisposed = true;
    this.items.forEach(({ wait }) => wait?.dispose());
    this.retry?.dispose();
  }

  /** A home on a network may fail for a moment: what is left there is not given up for that. */
  private startAgain(): void {
    this.retry = this.options.clock.after(this.retryMs, () => this.start());
    this.retryMs = Math.min(LONGEST_RETRY_MS, 2 * this.retryMs);
  }

  private update(): void {
    const runs = new Map(this.options.earlier.all.map(run => [RunRecovery.idOf(run), run]));
    for (const [id, { recovery, wait }] of this.items) {
      if (!runs.has(id)) {
        this.items.delete(id);
        wait?.dispose();
        this.leave(recovery);
      }
    }
    for (const [id, run] of runs) {
      if (!this.items.has(id)) {
        this.items.set(id, this.meet(run));
      }
    }
    this.publish();
  }

  private meet(run: IEarlierRun): IItem {
    const { boot, clock, state, pageWaitMs } = this.options;
    const recovery = new RunRecovery(run, this.parts);
    // Where there is a copy already there is no reason to wait with the news.
    if (run.sameServer && run.boot !== boot && state.get(run) === null) {
      return { recovery, wait: clock.after(pageWaitMs ?? PAGE_WAIT_MS, () => this.recover(recovery)) };
    }
    this.recover(recovery);
    return { recovery, wait: null };
  }

  private leave(recovery: RunRecovery): void {
    if (!recovery.isDone) {
      void this.inTurn(`of ${recovery.run.path}`, () => recovery.withdraw());
    }
  }

  private recover(recovery: RunRecovery): void {
    void this.inTurn(`of ${recovery.run.path}`, async () => {
      // A page may have settled it while others were recovered.
      if (this.options.earlier.all.includes(recovery.run)) {
        await recovery.recover();
        this.publish();
      }
    });
  }

  private publish(): void {
    const { all } = this;
    const text = JSON.stringify(all);
    if (text !== this.published) {
      this.published = text;
      this.options.changed(all);
    }
  }

  /** One after the other: a copy costs memory and time, and decisions are about copies that are there. */
  private inTurn(what: string, task: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(async () => {
      try {
        await (this.isDisposed ? null : task());
      } catch (error) {
        // Whatever it is: the journal has everything still, and the others must have their turn.
        this.options.log(`Unsaved work ${what} cannot be recovered: ${reasonOf(error)}`);
      }
    });
    return this.turn;
  }

  private readonly parts: IRunRecoveryOptions;
  private readonly items = new Map<string, IItem>();
  private turn: Promise<void> = Promise.resolve();
  private published = '[]';
  private isRead = false;
  private retry: IDisposable | null = null;
  private retryMs = FIRST_RETRY_MS;
  private isDisposed = false;
}
