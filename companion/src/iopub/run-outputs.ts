import type { Execution } from '@labkeeper/core';
import type { JournalRecord } from '@labkeeper/protocol';

/** A page writes its own outputs down within this time; what finished earlier needs nothing of us when it goes. */
const RECENT_MS = 15_000;

/** Records about one execution. */
export interface IDueRecords {
  readonly execution: Execution;
  readonly records: readonly JournalRecord[];
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

  /** The page is back. */
  comeBack(): void {
    this.gone = false;
    this.cells.clear();
    this.bytesReleased = 0;
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
    return execution.isOver && !cell.finished;
  }

  /**
   * The records that are due, of one execution or of all, one execution at a time. The first of a cell hold all of its
   * outputs.
   */
  *take(only: Execution | null = null): Generator<IDueRecords> {
    for (const [execution, cell] of this.cells) {
      if (cell.due && execution.place && (only === null || only === execution)) {
        const records = recordsOf(execution, execution.place.c, cell);
        cell.due = false;
        cell.finished = execution.isOver;
        if (records.length > 0) {
          yield { execution, records };
        }
      }
    }
  }

  /** The journal did not take the records: what comes after them would say nothing alone, so all of it is due again. */
  refused(execution: Execution): void {
    const cell = this.cells.get(execution);
    if (cell) {
      cell.due = true;
      cell.finished = false;
      cell.isWritten = false;
    }
  }

  /** This execution belongs to another run from now on. What is due of it must have been taken. */
  giveAway(execution: Execution): void {
    this.cells.delete(execution);
  }

  /** The outputs of this execution will not be held any more. What is due of them must have been taken. */
  release(execution: Execution): void {
    if (this.cells.delete(execution)) {
      this.bytesReleased += execution.outputs.bytes;
    }
  }

  private cell(execution: Execution): ICellState {
    const known = this.cells.get(execution);
    if (known) {
      return known;
    }
    // An earlier execution of the same cell is of no interest any more.
    for (const other of this.cells.keys()) {
      if (other.place?.c === execution.place?.c) {
        this.cells.delete(other);
      }
    }
    const cell = { due: false, finished: false, isWritten: false, count: null };
    this.cells.set(execution, cell);
    return cell;
  }

  private gone = false;
  private bytesReleased = 0;
  private readonly cells = new Map<Execution, ICellState>();
}

interface ICellState {
  /** Something is to be recorded. */
  due: boolean;
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

/** JupyterLab shows the count when an execution is finished, and never where the kernel ended before. */
function countOf({ state, executionCount }: Execution): number | null {
  return state === 'finished' ? executionCount : null;
}
