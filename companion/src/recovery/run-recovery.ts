import type { Recovery } from '@labkeeper/protocol';
import { reasonOf } from '../failure.js';
import type { IEarlierRun } from '../journal/earlier-run.js';
import type { LeftRuns } from '../journal/left-runs.js';
import type { Log } from '../log.js';
import type { CopyMaker } from './copy-maker.js';
import { RecoveryError, type RecoveryProblem } from './recovery-error.js';
import type { Decision, IKnownCopy, RecoveryState } from './recovery-state.js';
import type { CopyRestorer } from './restore-copy.js';

export interface IRunRecoveryOptions {
  readonly earlier: Pick<LeftRuns, 'all' | 'read' | 'forget'>;
  readonly state: RecoveryState;
  readonly maker: CopyMaker;
  readonly restorer: CopyRestorer;
  readonly log: Log;
}

/** The recovery of one run: its copy, or the reason why there is none, and what the user decides about it. */
export class RunRecovery {
  constructor(
    readonly run: IEarlierRun,
    private readonly options: IRunRecoveryOptions
  ) {}

  /** Names it for pages. */
  static idOf({ boot, run }: IEarlierRun): string {
    return `${boot}/${run}`;
  }

  /** For pages; null = there is nothing to say, or nothing to ask any more. */
  get told(): Recovery | null {
    const { run, copy, problem } = this;
    if (!this.isTold || this.isDecided) {
      return null;
    }
    return {
      id: RunRecovery.idOf(run),
      path: run.path,
      kind: run.kind,
      lastAtMs: run.lastAtMs,
      savedAtMs: run.savedAtMs,
      copyPath: copy?.copyPath ?? null,
      changedCells: copy?.changedCells ?? 0,
      bytes: copy?.sizeBytes ?? run.bytes,
      sameServer: run.sameServer,
      problem,
      origin: 'journal'
    };
  }

  /** Nobody needs to be asked any more. */
  get isDone(): boolean {
    return this.isDecided;
  }

  /** Makes the copy, or brings to its end what was decided before the companion was killed. Tells its failure. */
  async recover(): Promise<void> {
    const decision = this.known?.decision ?? null;
    await (decision === null ? this.make() : this.decide(decision));
  }

  /** Does what the user decided, as far as it can be done; else `told` says why not. */
  async decide(decision: Decision): Promise<void> {
    try {
      // What is to be kept has to be there; one that was being restored is not, when that was nearly done.
      const isNeeded = decision === 'keep-both' || (decision === 'restore' && this.known === null);
      if (isNeeded && !(await this.make())) {
        return;
      }
      if (decision !== 'restore' || (await this.restore())) {
        this.isDecided = true;
        await this.end(decision);
      }
    } catch (error) {
      this.fail(error);
    }
    this.isTold = true;
  }

  /** A page has all of it again: a copy that nobody has changed is only in the way. @throws RecoveryError. */
  async withdraw(): Promise<void> {
    const { known } = this;
    if (known?.decision === null) {
      await this.options.maker.withdraw(known);
      await this.options.state.remove(this.run);
    }
  }

  /** @returns whether there is a copy. */
  private async make(): Promise<boolean> {
    const { run } = this;
    const { maker, log, state } = this.options;
    try {
      const made = await maker.make(run);
      if (made.kind === 'nothing') {
        this.isDecided = true;
        await this.forget();
        return false;
      }
      this.copy = made.kind === 'copy' ? made.copy : null;
      this.problem = made.kind === 'copy' ? made.copy.problem : made.problem;
      if (made.kind === 'problem') {
        log(`Unsaved work of ${run.path} was not recovered (${made.problem}): ${made.detail}`);
        await state.remove(run);
      }
    } catch (error) {
      this.fail(error);
    }
    this.isTold = true;
    return this.copy !== null;
  }

  /** @returns whether the copy has taken the original's place. */
  private async restore(): Promise<boolean> {
    const { known, run } = this;
    const { state, restorer } = this.options;
    const result = known ? await restorer.restore(run.path, known) : 'copy-missing';
    if (result === 'done') {
      return true;
    }
    if (result === 'copy-missing' || !known) {
      // It is made again, and she is asked again: what she saw is gone.
      await state.remove(run);
      await this.make();
      return false;
    }
    // Asked again, she knows that it is another one.
    this.problem = 'file-changed';
    this.copy = {
      ...known,
      problem: this.problem,
      originalHash: result.changedTo,
      decision: null,
      restoring: null
    };
    await state.put(this.copy);
    return false;
  }

  /** What is left to do of a decision; a companion that is killed in the middle of it does the rest at its next start. */
  private async end(decision: Decision): Promise<void> {
    const { known } = this;
    const { state, maker } = this.options;
    if (known && decision !== 'restore') {
      await state.put({ ...known, decision });
    }
    if (known && decision === 'discard') {
      await maker.withdraw(known);
    }
    await this.forget();
  }

  private async forget(): Promise<void> {
    await this.options.earlier.forget(this.run);
    await this.options.state.remove(this.run);
  }

  private fail(error: unknown): void {
    this.options.log(`Unsaved work of ${this.run.path}: ${reasonOf(error)}`);
    this.problem = error instanceof RecoveryError ? error.problem : 'unreadable';
  }

  private get known(): IKnownCopy | null {
    return this.options.state.get(this.run);
  }

  private copy: IKnownCopy | null = null;
  private problem: RecoveryProblem | null = null;
  private isTold = false;
  private isDecided = false;
}
