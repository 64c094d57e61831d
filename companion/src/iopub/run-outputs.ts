import type { Execution, Json } from '@labkeeper/core';
import type { JournalRecord } from '@labkeeper/protocol';

/** A page writes its own outputs down within this time; what finished earlier needs nothing of us when it goes. */
const RECENT_MS = 15_000;

/** The outputs of a cell that came while the page was away. */
export interface ICollectedOutputs {
  readonly c: number;
  /** null = recorded, and not held any more: the journal has them. */
  readonly outputs: readonly Json[] | null;
  /** null = not finished, or the kernel ended in the middle. */
  readonly executionCount: number | null;
  /** Nothing more is expected. */
  readonly finished: boolean;
}

/**
 * What is recorded of the outputs of one run: nothing while its page lives, whose own outputs win; everything that comes
 * while it is away.
 */
export class RunOutputs {
  /** Whether the page is away. */
  get isGone(): boolean {
    return this.gone;
  }

  /** What was recorded since the page is away and is not held any more, in bytes. */
  get releasedBytes(): number {
    return this.bytesReleased;
  }

  /**
   * The page is away from now on. Once more while it is away: everything is recorded anew.
   *
   * @param executions - those of this run.
   */
  leave(executions: Iterable<Execution>, nowMs: number): void {
    for (const cell of this.cells.values()) {
      cell.due = true;
      cell.finished = false;
      cell.isWritten = false;
    }
    for (const execution of this.gone ? [] : executions) {
      const { sawStart, outputs, isOver, heardAtMs } = execution;
      // The page has what came so far, but may not have written down the last of it. It has what we did not see.
      if (sawStart && !outputs.isEmpty && (!isOver || nowMs - heardAtMs < RECENT_MS)) {
        this.cell(execution).due = true;
      }
    }
    this.gone = true;
  }

  /** The page is back. @returns what it missed. */
  comeBack(): ICollectedOutputs[] {
    this.gone = false;
    const held = [...this.cells].filter(([, { missed }]) => missed);
    const missed = [...this.released.values(), ...held.map(([execution]) => collected(execution))];
    this.cells.clear();
    this.released.clear();
    this.bytesReleased = 0;
    return missed;
  }

  /**
   * Something of an execution changed.
   *
   * @returns whether that should be recorded at once: it finished.
   */
  changed(execution: Execution): boolean {
    if (!this.gone) {
      return false;
    }
    const cell = this.cell(execution);
    cell.due = true;
    cell.missed = true;
    return execution.isOver && !cell.finished;
  }

  /** The records that are due, of one execution or of all. The first of a cell hold all of its outputs. */
  take(only: Execution | null = null): JournalRecord[] {
    const records: JournalRecord[] = [];
    for (const [execution, cell] of this.cells) {
      if (cell.due && execution.place && (only === null || only === execution)) {
        records.push(...recordsOf(execution, execution.place.c, cell));
        cell.due = false;
        cell.finished = execution.isOver;
      }
    }
    return records;
  }

  /** The outputs of this execution will not be held any more. What is due of them must have been taken. */
  release(execution: Execution): void {
    const cell = this.cells.get(execution);
    if (cell?.missed) {
      this.released.set(execution.place?.c ?? 0, { ...collected(execution), outputs: null });
      this.bytesReleased += execution.outputs.bytes;
    }
    this.cells.delete(execution);
  }

  private cell(execution: Execution): ICellState {
    const known = this.cells.get(execution);
    if (known) {
      return known;
    }
    this.released.delete(execution.place?.c ?? 0);
    // An earlier execution of the same cell is of no interest any more.
    for (const other of this.cells.keys()) {
      if (other.place?.c === execution.place?.c) {
        this.cells.delete(other);
      }
    }
    const cell = { due: false, missed: false, finished: false, isWritten: false, count: null };
    this.cells.set(execution, cell);
    return cell;
  }

  private gone = false;
  private bytesReleased = 0;
  private readonly cells = new Map<Execution, ICellState>();
  /** By cell number. */
  private readonly released = new Map<number, ICollectedOutputs>();
}

interface ICellState {
  /** Something is to be recorded. */
  due: boolean;
  /** Something came that the page did not see. */
  missed: boolean;
  /** That it finished is recorded. */
  finished: boolean;
  /** All outputs have been recorded once. */
  isWritten: boolean;
  /** The execution count as recorded last. */
  count: number | null;
}

function recordsOf(execution: Execution, c: number, cell: ICellState): JournalRecord[] {
  const records = execution.outputs.take(c, !cell.isWritten);
  const count = countOf(execution);
  if (!cell.isWritten || count !== cell.count) {
    records.push({ t: 'exec', c, v: count });
  }
  cell.isWritten = true;
  cell.count = count;
  return records;
}

function collected(execution: Execution): ICollectedOutputs {
  return {
    c: execution.place?.c ?? 0,
    outputs: execution.outputs.toJSON(),
    executionCount: countOf(execution),
    finished: execution.isOver
  };
}

/** JupyterLab shows the count when an execution is finished, and never where the kernel ended before. */
function countOf({ state, executionCount }: Execution): number | null {
  return state === 'finished' ? executionCount : null;
}
