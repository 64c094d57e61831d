import type { Execution } from '@labkeeper/core';
import type { JournalRecord, RunId } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { KernelListener } from './kernel-listener.js';
import {
  KernelSubscription,
  noCounts,
  type ISubscriptionEvents,
  type SubscriptionState
} from './kernel-subscription.js';
import { OUTPUT_CAPS, OutputBudget, type IOutputCaps } from './output-budget.js';
import { RunOutputs } from './run-outputs.js';

/** Outputs of a cell that goes on are recorded this often, together with those of all others. */
export const RECORD_MS = 3000;
/** Where the journal has no room, it is asked less often: after twice the time, and that so many times. */
const MOST_DOUBLINGS = 3;
const SWEEP_MS = 10_000;
/** A page that begins its journal anew says at once which cells still run; what it does not name by then is over. */
const RENEWAL_MS = 10_000;
/** Runs that are known; those that were not used for longest are forgotten. */
const RUN_COUNT = 1000;

export interface IExecutionsOptions {
  readonly clock: IClock;
  /** The path of a kernel's connection file; null = it has none, or is not known. */
  readonly connectionFile: (kernelId: string) => string | null;
  /**
   * Takes records of one execution for the journal of a run whose page is away.
   *
   * @returns false when there is no room for them now: they are offered again.
   */
  readonly record: (run: RunId, records: readonly JournalRecord[]) => boolean;
  /** Called with every change of the connection to a kernel. */
  readonly connectionChanged?: (kernelId: string, state: SubscriptionState) => void;
  readonly caps?: IOutputCaps;
  /** Called when something of an execution in a cell changed, whether its page is there or not. */
  readonly changed?: (execution: Execution) => void;
  /** An error ended a cell: its name and value as the kernel told them. */
  readonly erred?: (name: unknown, value: unknown) => void;
  /** The kernels in which pages that are there may run cells. */
  readonly attended?: () => Iterable<string>;
  /** Listens to a kernel; default: by its connection file. */
  readonly subscribe?: (path: string, events: ISubscriptionEvents) => IDisposable;
}

/**
 * Collects what kernels put out while no page is there to show it. Pages say which request belongs to which cell; the
 * outputs of cells whose page is away go to the journal.
 */
export class Executions implements IDisposable {
  constructor(private readonly options: IExecutionsOptions) {
    const { clock, caps = OUTPUT_CAPS } = options;
    const { messageBytes } = caps;
    this.budget = new OutputBudget({
      caps,
      clock,
      held: () => this.all(),
      giveUp: execution => this.giveUp(execution)
    });
    this.subscribe =
      options.subscribe ??
      ((path, events) => new KernelSubscription({ path, events, clock, messageBytes, counts: this.counts }));
  }

  /** What was heard of all kernels. */
  readonly counts = noCounts();

  /** A page is there that may run cells of `run` in this kernel: nothing of the first shall be missed. */
  watch(run: RunId, kernelId: string): void {
    this.bind(run, kernelId).listen();
  }

  /** Listens to a kernel in which a page may run cells at any moment: nothing of the first one shall be missed. */
  attend(kernelId: string): void {
    this.kernel(kernelId).listen();
  }

  /**
   * A page asked a kernel to execute a cell, or says anew where a request belongs: in the run that replaces another
   * one, or in that of a page which took the cell over.
   */
  executing(execution: { run: RunId; kernelId: string; msgId: string; c: number }): void {
    const { run, kernelId, msgId, c } = execution;
    const kernel = this.bind(run, kernelId);
    const known = kernel.executions.get(msgId);
    const before = known?.place?.run;
    if (known && before !== undefined && before !== run) {
      const outputs = this.runs.get(before)?.outputs;
      if (outputs?.isGone) {
        this.put(before, outputs, known);
      }
      outputs?.giveAway(known);
    }
    kernel.expect(msgId, { run, c });
  }

  /** What a run of a page that is away still waits for, or has heard the end of lately. */
  of(run: RunId): { readonly kernelId: string; readonly execution: Execution }[] {
    return [...this.kernels].flatMap(([kernelId, { executions }]) =>
      [...executions.all]
        .filter(({ place }) => place?.run === run)
        .map(execution => ({ kernelId, execution }))
    );
  }

  /** The execution of a request; null = nobody asked for it, or it is forgotten. */
  find(kernelId: string, msgId: string): Execution | null {
    return this.kernels.get(kernelId)?.executions.get(msgId) ?? null;
  }

  /** The page began a run in the place of this one: what still runs it names again. */
  runReplaced(run: RunId): void {
    if (this.runs.has(run)) {
      const renewal = this.options.clock.after(RENEWAL_MS, () => {
        this.renewals.delete(renewal);
        this.runClosed(run);
      });
      this.renewals.add(renewal);
    }
  }

  /** The page of this run is away: its connection closed, or it is frozen. Once more = its journal begins anew. */
  pageGone(run: RunId): void {
    const known = this.runs.get(run);
    if (known) {
      known.outputs.leave(this.ofRun(run), this.options.clock.monotonicMs());
      this.schedule();
    }
  }

  /** The page of this run is back. What it missed its kernel's server kept for it, so its own outputs win. */
  pageBack(run: RunId): void {
    this.runs.get(run)?.outputs.comeBack();
  }

  /** Nothing more of this run is to be kept. */
  runClosed(run: RunId): void {
    this.runs.delete(run);
    for (const { executions } of this.kernels.values()) {
      for (const execution of [...executions.all]) {
        if (execution.place?.run === run) {
          executions.forget(execution);
        }
      }
    }
  }

  /** Records everything now: the end may be near. */
  flush(): void {
    this.recordTimer?.dispose();
    this.recordTimer = null;
    for (const [run, { outputs }] of this.runs) {
      this.put(run, outputs);
    }
  }

  /** How many kernels are listened to. */
  get listeningCount(): number {
    return [...this.kernels.values()].filter(({ isListening }) => isListening).length;
  }

  dispose(): void {
    this.recordTimer?.dispose();
    this.sweepTimer?.dispose();
    this.renewals.forEach(renewal => renewal.dispose());
    for (const kernel of this.kernels.values()) {
      kernel.dispose();
    }
    this.kernels.clear();
    this.runs.clear();
  }

  private bind(run: RunId, kernelId: string): KernelListener {
    const outputs = this.runs.get(run)?.outputs ?? new RunOutputs();
    this.runs.delete(run);
    this.runs.set(run, { kernelId, outputs });
    const [oldest] = this.runs.keys();
    if (this.runs.size > RUN_COUNT && oldest !== undefined) {
      this.runClosed(oldest);
    }
    return this.kernel(kernelId);
  }

  private kernel(kernelId: string): KernelListener {
    const kernel = this.kernels.get(kernelId) ?? this.add(kernelId);
    this.sweepTimer ??= this.options.clock.after(SWEEP_MS, () => this.sweep());
    return kernel;
  }

  private add(kernelId: string): KernelListener {
    const { clock, connectionFile, connectionChanged, erred } = this.options;
    const kernel = new KernelListener({
      kernelId,
      clock,
      limits: ({ run: of }) => this.budget.limits(of, this.runs.get(of)?.outputs.releasedBytes ?? 0),
      connectionFile,
      subscribe: this.subscribe,
      changed: execution => this.changed(execution),
      ...(erred ? { erred } : {}),
      stateChanged: state => connectionChanged?.(kernelId, state)
    });
    this.kernels.set(kernelId, kernel);
    return kernel;
  }

  private changed(execution: Execution): void {
    this.options.changed?.(execution);
    const run = execution.place?.run;
    const outputs = run === undefined ? undefined : this.runs.get(run)?.outputs;
    if (run === undefined || !outputs?.isGone) {
      return;
    }
    if (outputs.changed(execution)) {
      this.put(run, outputs, execution);
    } else {
      this.schedule();
    }
  }

  /**
   * The outputs of a finished cell are given up: where its page is away, the journal has them.
   *
   * @returns false where it does not take them now.
   */
  private giveUp(execution: Execution): boolean {
    const run = execution.place?.run;
    const outputs = run === undefined ? undefined : this.runs.get(run)?.outputs;
    if (run !== undefined && outputs?.isGone) {
      if (!this.put(run, outputs, execution)) {
        return false;
      }
      outputs.release(execution);
    }
    for (const { executions } of this.kernels.values()) {
      if (executions.holds(execution)) {
        executions.forget(execution);
      }
    }
    return true;
  }

  private schedule(): void {
    const delayMs = RECORD_MS * 2 ** Math.min(this.refusals, MOST_DOUBLINGS);
    this.recordTimer ??= this.options.clock.after(delayMs, () => this.flush());
  }

  /** @returns whether all that was due is taken; what is not comes again. */
  private put(run: RunId, outputs: RunOutputs, only: Execution | null = null): boolean {
    let isTaken = true;
    for (const { execution, records } of outputs.take(only)) {
      if (this.options.record(run, records)) {
        this.refusals = 0;
      } else {
        this.refusals += 1;
        outputs.refused(execution);
        isTaken = false;
      }
    }
    if (!isTaken) {
      this.schedule();
    }
    return isTaken;
  }

  private sweep(): void {
    this.sweepTimer = null;
    const live = [...this.runs.values()].filter(({ outputs }) => !outputs.isGone);
    const wanted = new Set(live.map(({ kernelId }) => kernelId));
    for (const kernelId of this.options.attended?.() ?? []) {
      wanted.add(kernelId);
    }
    for (const [kernelId, kernel] of this.kernels) {
      kernel.sweep(wanted.has(kernelId), run => this.runs.get(run)?.outputs.isGone === true);
      if (!kernel.isListening && [...kernel.executions.all].length === 0) {
        this.kernels.delete(kernelId);
      }
    }
    if (this.kernels.size > 0) {
      this.sweepTimer = this.options.clock.after(SWEEP_MS, () => this.sweep());
    }
  }

  private *all(): Iterable<Execution> {
    for (const { executions } of this.kernels.values()) {
      yield* executions.all;
    }
  }

  private ofRun(run: RunId): Execution[] {
    return [...this.all()].filter(({ place }) => place?.run === run);
  }

  private readonly budget: OutputBudget;
  private readonly subscribe: (path: string, events: ISubscriptionEvents) => IDisposable;
  private readonly kernels = new Map<string, KernelListener>();
  /** The one that was used last comes last; with the kernel that each uses. */
  private readonly runs = new Map<RunId, { readonly kernelId: string; readonly outputs: RunOutputs }>();
  /** Runs that are replaced, until what still runs has been named again. */
  private readonly renewals = new Set<IDisposable>();
  private recordTimer: IDisposable | null = null;
  /** How many times in a row the journal had no room. */
  private refusals = 0;
  private sweepTimer: IDisposable | null = null;
}
