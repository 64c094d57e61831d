import { Execution, type IPlace } from './execution.js';
import type { ILeftOut } from './left-out.js';
import {
  OUTPUT_TYPES,
  parseOutputMessage,
  type IIopubMessage,
  type IOutputSize,
  type Json
} from './output-message.js';
import type { IOutputLimits } from './bounded-outputs.js';

/** Executions that nobody claimed yet are kept this long: a page says which cell it was within a second or never. */
const UNCLAIMED_MS = 10_000;
/** … and no more of them than this, in number and bytes: other programs may use the kernel too. */
const UNCLAIMED_COUNT = 64;
const UNCLAIMED_BYTES = 4 * 1024 * 1024;
const UNCLAIMED_LIMITS: IOutputLimits = { headBytes: 2 * 1024 * 1024, tailBytes: 64 * 1024 };
/** Executions whose messages are of no interest, remembered so as not to begin them anew. */
const IGNORED_COUNT = 4096;
/** Executions of one kernel that may wait, run, or be kept. */
const EXECUTION_COUNT = 10_000;

/** What listens. */
export interface IKernelExecutionsOptions {
  /** How much of the outputs of an execution at `place` is kept; asked when it begins. */
  readonly limits: (place: IPlace) => IOutputLimits;
  /** Something of an execution in a cell changed. */
  readonly changed: (execution: Execution) => void;
}

/**
 * The executions of one kernel, and what each of its messages does to them, as in JupyterLab, whose kernel connection
 * hands an update of a display to every cell that shows it (`_handleDisplayId` of @jupyterlab/services 7.6).
 */
export class KernelExecutions {
  constructor(private readonly options: IKernelExecutionsOptions) {}

  /** All that are known, with those that nobody claimed. */
  get all(): Iterable<Execution> {
    return this.executions.values();
  }

  /** Whether this is one of them. */
  holds(execution: Execution): boolean {
    return this.executions.get(execution.msgId) === execution;
  }

  /** The one of this request; null = it is not known. */
  get(msgId: string): Execution | null {
    return this.executions.get(msgId) ?? null;
  }

  /** Whether an execution of a cell is not finished yet. */
  get isPending(): boolean {
    for (const { place, isOver } of this.executions.values()) {
      if (place !== null && !isOver) {
        return true;
      }
    }
    return false;
  }

  /**
   * A page sent a request for a cell, or says where that is now. An earlier execution of that cell counts no more.
   */
  expect(msgId: string, place: IPlace, nowMs: number): void {
    for (const other of [...this.executions.values()]) {
      if (other.place?.run === place.run && other.place.c === place.c && other.msgId !== msgId) {
        this.forget(other);
      }
    }
    const known = this.executions.get(msgId);
    if (known?.place) {
      known.place = place;
      return;
    }
    this.ignored.delete(msgId);
    const execution = known ?? this.begin(msgId, UNCLAIMED_LIMITS, nowMs);
    execution.place = place;
    if (execution.state !== 'waiting') {
      this.settle(execution, place);
      this.options.changed(execution);
    }
    for (const oldest of this.executions.values()) {
      if (this.executions.size <= EXECUTION_COUNT) {
        break;
      }
      this.forget(oldest);
    }
  }

  /** Takes a message of the kernel. */
  receive(message: IIopubMessage, nowMs: number): void {
    if (message.type === 'status' && message.content['execution_state'] === 'starting') {
      // Another process: what the old one was asked to do is over. What waits may have been asked of the new one.
      this.cut(nowMs);
      this.interrupted.clear();
      return;
    }
    const output = OUTPUT_TYPES.has(message.type) ? parseOutputMessage(message) : null;
    if ((output?.kind === 'update' || output?.kind === 'output') && output.displayId !== null) {
      this.updateDisplays(output.displayId, output.output, output.size, nowMs);
    }
    const execution = this.executionOf(message, nowMs);
    if (execution === null) {
      return;
    }
    execution.heardAtMs = nowMs;
    this.resume(execution);
    if (this.follow(execution, message)) {
      this.tell(execution);
    } else if (output && output.kind !== 'update') {
      this.run(execution, false);
      execution.outputs.add(output);
      this.tell(execution);
    }
  }

  /** A message of this execution with so many bytes of output did not come. */
  miss(parentId: string, leftOut: ILeftOut, nowMs: number): void {
    const execution = this.executions.get(parentId);
    if (execution) {
      execution.heardAtMs = nowMs;
      this.run(execution, false);
      execution.outputs.miss(leftOut);
      this.tell(execution);
    }
  }

  /**
   * The connection to the kernel is lost, nearly always because the process ended. If it did not, what runs goes on
   * with its next message.
   */
  lost(nowMs: number): void {
    for (const execution of this.cut(nowMs)) {
      this.interrupted.add(execution);
    }
  }

  /** There is no such kernel any more. */
  end(nowMs: number): void {
    this.cut(nowMs);
    for (const execution of [...this.executions.values()]) {
      if (execution.state === 'waiting') {
        this.forget(execution);
      }
    }
  }

  /** Later messages of it are of no interest. */
  forget(execution: Execution): void {
    this.executions.delete(execution.msgId);
    this.interrupted.delete(execution);
    this.ignored.add(execution.msgId);
    for (const oldest of this.ignored) {
      if (this.ignored.size <= IGNORED_COUNT) {
        break;
      }
      this.ignored.delete(oldest);
    }
  }

  /** Forgets what nobody claimed in time, or what is too much. */
  sweep(nowMs: number): void {
    const unclaimed = [...this.executions.values()].filter(({ place }) => place === null);
    let count = 0;
    let bytes = 0;
    // The newest first: they are the ones that may still be claimed.
    for (const execution of unclaimed.reverse()) {
      count += 1;
      bytes += execution.outputs.bytes;
      if (nowMs - execution.sinceMs >= UNCLAIMED_MS || count > UNCLAIMED_COUNT || bytes > UNCLAIMED_BYTES) {
        this.forget(execution);
      }
    }
  }

  private executionOf({ parentId, parentType }: IIopubMessage, nowMs: number): Execution | null {
    if (parentId === null || parentType !== 'execute_request' || this.ignored.has(parentId)) {
      return null;
    }
    const known = this.executions.get(parentId);
    if (known) {
      return known;
    }
    this.sweep(nowMs);
    return this.begin(parentId, UNCLAIMED_LIMITS, nowMs);
  }

  /** A message of an execution that was cut: the kernel lives, but it may have said more in between. */
  private resume(execution: Execution): void {
    if (this.interrupted.delete(execution)) {
      execution.state = 'running';
      execution.outputs.miss({ bytes: 0, exact: false });
    }
  }

  /** Everything that runs is over. @returns what that was. */
  private cut(nowMs: number): Execution[] {
    const running = [...this.executions.values()].filter(({ state }) => state === 'running');
    for (const execution of running) {
      execution.state = 'cut';
      execution.heardAtMs = nowMs;
      this.tell(execution);
    }
    return running;
  }

  /** What the kernel says of the execution itself. @returns whether the message was of that kind. */
  private follow(execution: Execution, { type, content }: IIopubMessage): boolean {
    if (type === 'status') {
      if (content['execution_state'] === 'busy') {
        this.run(execution, true);
      } else if (content['execution_state'] === 'idle') {
        this.run(execution, false);
        execution.state = 'finished';
      }
      return true;
    }
    if (type !== 'execute_input') {
      return false;
    }
    this.run(execution, true);
    const count = content['execution_count'];
    execution.executionCount = typeof count === 'number' && Number.isSafeInteger(count) ? count : null;
    return true;
  }

  /** The execution runs; if this is its `start`, nothing of it was missed. */
  private run(execution: Execution, start: boolean): void {
    if (execution.state !== 'waiting') {
      return;
    }
    execution.state = 'running';
    execution.sawStart = start;
    if (!start) {
      execution.outputs.miss({ bytes: 0, exact: false });
    }
    if (execution.place) {
      this.settle(execution, execution.place);
    }
  }

  /** An execution of a known cell runs. */
  private settle(execution: Execution, place: IPlace): void {
    execution.outputs.limit(this.options.limits(place));
    this.forgetEarlier(execution, place);
  }

  /** A kernel takes requests in order: one that was sent before and shows nothing is over, and was not seen. */
  private forgetEarlier(running: Execution, { run }: IPlace): void {
    for (const execution of [...this.executions.values()]) {
      if (execution === running) {
        break;
      }
      if (execution.state === 'waiting' && execution.place?.run === run) {
        this.forget(execution);
      }
    }
  }

  private updateDisplays(displayId: string, output: Json, size: IOutputSize, nowMs: number): void {
    for (const execution of this.executions.values()) {
      if (execution.outputs.update(displayId, output, size)) {
        execution.heardAtMs = nowMs;
        this.tell(execution);
      }
    }
  }

  private tell(execution: Execution): void {
    if (execution.place) {
      this.options.changed(execution);
    }
  }

  private begin(msgId: string, limits: IOutputLimits, nowMs: number): Execution {
    const execution = new Execution(msgId, limits, nowMs);
    this.executions.set(msgId, execution);
    return execution;
  }

  /** In the order in which they were first heard of. */
  private readonly executions = new Map<string, Execution>();
  private readonly ignored = new Set<string>();
  /** Were cut by a lost connection, and may go on. */
  private readonly interrupted = new Set<Execution>();
}
