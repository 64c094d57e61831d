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
import { RunOutputs, type ICollectedOutputs } from './run-outputs.js';

/** Outputs of a cell that goes on are recorded this often, together with those of all others. */
export const RECORD_MS = 3000;
const SWEEP_MS = 10_000;
/** Runs that are known; those that were not used for longest are forgotten. */
const RUN_COUNT = 1000;

export interface IExecutionsOptions {
  readonly clock: IClock;
  /** The path of a kernel's connection file; null = it has none, or is not known. */
  readonly connectionFile: (kernelId: string) => string | null;
  /** Takes records for the journal of a run whose page is away. */
  readonly record: (run: RunId, records: readonly JournalRecord[]) => void;
  /** Takes what came while a page was away that is now back. */
  readonly handOver: (run: RunId, collected: readonly ICollectedOutputs[]) => void;
  /** Called with every change of the connection to a kernel. */
  readonly connectionChanged?: (kernelId: string, state: SubscriptionState) => void;
  readonly caps?: IOutputCaps;
  /** Listens to a kernel; default: by its connection file. */
  readonly subscribe?: (path: string, events: ISubscriptionEvents) => IDisposable;
}

/**
 * Collects what kernels put out while no page is there to show it. Pages say which request belongs to which cell; the
 * outputs of cells whose page is away go to the journal, and to the page when it comes back.
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

  /** A page asked a kernel to execute a cell. */
  executing(execution: { run: RunId; kernelId: string; msgId: string; c: number }): void {
    const { run, kernelId, msgId, c } = execution;
    this.bind(run, kernelId).expect(msgId, { run, c });
  }

  /** The page of this run is away: its connection closed, or it is frozen. Once more = its journal begins anew. */
  pageGone(run: RunId): void {
    const known = this.runs.get(run);
    if (known) {
      known.outputs.leave(this.of(run), this.options.clock.monotonicMs());
      this.schedule();
    }
  }

  /** The page of this run is back, and gets what came meanwhile. */
  pageBack(run: RunId): void {
    const known = this.runs.get(run);
    if (!known?.outputs.isGone) {
      return;
    }
    const missed = known.outputs.comeBack();
    if (missed.length > 0) {
      this.options.handOver(run, missed);
    }
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
      this.put(run, outputs.take());
    }
  }

  /** How many kernels are listened to. */
  get listeningCount(): number {
    return [...this.kernels.values()].filter(({ isListening }) => isListening).length;
  }

  dispose(): void {
    this.recordTimer?.dispose();
    this.sweepTimer?.dispose();
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
    const kernel = this.kernels.get(kernelId) ?? this.add(kernelId);
    this.sweepTimer ??= this.options.clock.after(SWEEP_MS, () => this.sweep());
    return kernel;
  }

  private add(kernelId: string): KernelListener {
    const { clock, connectionFile, connectionChanged } = this.options;
    const kernel = new KernelListener({
      kernelId,
      clock,
      limits: ({ run: of }) => this.budget.limits(of, this.runs.get(of)?.outputs.releasedBytes ?? 0),
      connectionFile,
      subscribe: this.subscribe,
      changed: execution => this.changed(execution),
      stateChanged: state => connectionChanged?.(kernelId, state)
    });
    this.kernels.set(kernelId, kernel);
    return kernel;
  }

  private changed(execution: Execution): void {
    const run = execution.place?.run;
    const outputs = run === undefined ? undefined : this.runs.get(run)?.outputs;
    if (run === undefined || !outputs?.isGone) {
      return;
    }
    if (outputs.changed(execution)) {
      this.put(run, outputs.take(execution));
    } else {
      this.schedule();
    }
  }

  /** The outputs of a finished cell are given up: where its page is away, the journal has them. */
  private giveUp(execution: Execution): void {
    const run = execution.place?.run;
    const outputs = run === undefined ? undefined : this.runs.get(run)?.outputs;
    if (run !== undefined && outputs?.isGone) {
      this.put(run, outputs.take(execution));
      outputs.release(execution);
    }
    for (const { executions } of this.kernels.values()) {
      if (executions.holds(execution)) {
        executions.forget(execution);
      }
    }
  }

  private schedule(): void {
    this.recordTimer ??= this.options.clock.after(RECORD_MS, () => this.flush());
  }

  private put(run: RunId, records: readonly JournalRecord[]): void {
    if (records.length > 0) {
      this.options.record(run, records);
    }
  }

  private sweep(): void {
    this.sweepTimer = null;
    const live = [...this.runs.values()].filter(({ outputs }) => !outputs.isGone);
    const wanted = new Set(live.map(({ kernelId }) => kernelId));
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

  private *of(run: RunId): Iterable<Execution> {
    for (const execution of this.all()) {
      if (execution.place?.run === run) {
        yield execution;
      }
    }
  }

  private readonly budget: OutputBudget;
  private readonly subscribe: (path: string, events: ISubscriptionEvents) => IDisposable;
  private readonly kernels = new Map<string, KernelListener>();
  /** The one that was used last comes last; with the kernel that each uses. */
  private readonly runs = new Map<RunId, { readonly kernelId: string; readonly outputs: RunOutputs }>();
  private recordTimer: IDisposable | null = null;
  private sweepTimer: IDisposable | null = null;
}
