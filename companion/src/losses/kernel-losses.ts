import { CheckpointCourse, type CheckpointOutcome } from '@labkeeper/core';
import type { Checkpoint, Kernel, KernelLoss, Variables, WhyUnknown } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import type { IKernelAsker, Inspection } from './kernel-asker.js';

/** Our own question makes a kernel busy and idle again; what began to be idle so shortly after it is by us. */
const ECHO_MS = 1000;
/** A kernel that people work in meanwhile is asked again this often, at most. */
const AGAIN_MS = 5000;
/** And one that did not answer. */
const SILENT_AGAIN_MS = 30_000;
/** Longer than any notice: the machine may outlive its deadline, and then it is good to know that the cells were done. */
const RUN_MS = 3600_000;

/** What applies to a kernel now. */
export interface ILossOrders {
  /** Ask for its variables. */
  readonly ask: boolean;
  /** Run the checkpoint cells; null = do not. */
  readonly run: { readonly deadlineMs: number | null } | null;
}

/** What one process of one kernel holds, and the course of its checkpoint cells. */
export class KernelLosses {
  constructor(
    private readonly options: {
      readonly clock: IClock;
      /** null = it cannot be asked: it runs elsewhere. */
      readonly asker: IKernelAsker | null;
      readonly changed: () => void;
    }
  ) {}

  /** The code of the user's checkpoint cells, in their order. */
  cells: readonly string[] = [];

  /** Does what is to be done now. To be called again whenever something changed, and as time passes. */
  look(kernel: Kernel, orders: ILossOrders): void {
    const nowMs = this.options.clock.wallMs();
    if (orders.ask && this.isDue(kernel)) {
      void this.ask();
    }
    const { run } = orders;
    if (run === null || this.options.asker === null || this.cells.length === 0) {
      return;
    }
    this.course ??= new CheckpointCourse(this.cells.length, nowMs);
    const before = this.course.standing.state;
    // After its variables: the cells may take until the end.
    const free = kernel.state === 'idle' && !this.asking && !this.running;
    if (this.course.mayBegin(nowMs, run.deadlineMs) && free) {
      void this.run(this.course, this.cells, this.options.asker);
    } else if (this.course.standing.state !== before) {
      this.options.changed();
    }
  }

  /** For how long the kernel has been seen to be idle, in ms; null = it is not. */
  idleMs(kernel: Kernel): number | null {
    const nowMs = this.options.clock.monotonicMs();
    const { state, stateSinceMs } = kernel;
    if (state !== 'idle') {
      this.idle = null;
    } else if (this.idle?.stateSinceMs !== stateSinceMs) {
      this.idle = { stateSinceMs, seenAtMs: nowMs };
    }
    return this.idle && nowMs - this.idle.seenAtMs;
  }

  /** The notices are over, or others came: checkpoint cells may run again, but not those that still run. */
  newNotice(): void {
    if (!this.running) {
      this.course = null;
    }
  }

  /** For people. */
  tell(kernel: Kernel, memoryBytes: number | null, isAsked: boolean): KernelLoss {
    const { kernelId, title, path } = kernel;
    const busy = kernel.state !== 'idle' && !this.asking;
    return {
      ...{ kernelId, title, path, busy, memoryBytes },
      variables: this.variables,
      why: this.variables ? null : this.why(busy, isAsked),
      checkpoint: this.checkpoint
    };
  }

  private get checkpoint(): Checkpoint | null {
    if (this.course) {
      return this.course.standing;
    }
    return this.cells.length === 0
      ? null
      : { cells: this.cells.length, state: 'not-run', atMs: 0, problem: null };
  }

  private why(busy: boolean, isAsked: boolean): WhyUnknown {
    if (this.options.asker === null || !isAsked) {
      return 'not-asked';
    }
    if (this.failure === 'language') {
      return 'language';
    }
    return this.asking ? 'asking' : busy ? 'busy' : (this.failure ?? 'asking');
  }

  private isDue(kernel: Kernel): boolean {
    if (kernel.state !== 'idle' || this.asking || this.running || this.failure === 'language') {
      return false;
    }
    const askedAgoMs = this.options.clock.monotonicMs() - this.askedAtMs;
    if (this.failure === 'no-answer') {
      return askedAgoMs >= SILENT_AGAIN_MS;
    }
    const fresh = this.variables && kernel.stateSinceMs <= this.variables.asOfMs + ECHO_MS;
    return !fresh && askedAgoMs >= AGAIN_MS;
  }

  private async ask(): Promise<void> {
    const { asker, clock, changed } = this.options;
    if (asker === null) {
      return;
    }
    this.asking = true;
    this.askedAtMs = clock.monotonicMs();
    const answer: Inspection = await asker.inspect();
    this.asking = false;
    this.failure = answer.is === 'known' ? null : answer.is;
    this.variables = answer.is === 'known' ? answer.variables : this.variables;
    changed();
  }

  private async run(course: CheckpointCourse, cells: readonly string[], asker: IKernelAsker): Promise<void> {
    const { clock, changed } = this.options;
    this.running = true;
    course.began(clock.wallMs());
    changed();
    let outcome: CheckpointOutcome = { is: 'done' };
    for (const [index, code] of cells.entries()) {
      outcome = await asker.run(code, RUN_MS);
      if (outcome.is === 'aborted' && index > 0) {
        // What ran must not run again.
        outcome = { is: 'failed', problem: null };
      }
      if (outcome.is !== 'done') {
        break;
      }
    }
    this.running = false;
    course.ended(outcome, clock.wallMs());
    changed();
  }

  private variables: Variables | null = null;
  private failure: 'language' | 'no-answer' | null = null;
  private asking = false;
  /** Monotonic, as `idle` is: clocks of machines are set. */
  private askedAtMs = -Infinity;
  private idle: { readonly stateSinceMs: number; readonly seenAtMs: number } | null = null;
  private running = false;
  private course: CheckpointCourse | null = null;
}
