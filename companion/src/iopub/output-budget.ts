import type { Execution, IOutputLimits } from '@labkeeper/core';
import type { IClock } from '../clock.js';

const MIB = 1024 * 1024;

/** How much of outputs is kept. Above it the beginning and the end of a cell's outputs are. */
export interface IOutputCaps {
  /** Of one cell, as JSON: with its end it is one entry of the journal, and must find room in what waits for the disk. */
  readonly cellBytes: number;
  /** Of all cells of one run, while its page is away, in the journal and in memory. */
  readonly runBytes: number;
  /** Of all runs, in memory. */
  readonly totalBytes: number;
  /** Of one message; a longer one is not read at all. */
  readonly messageBytes: number;
}

/**
 * Small beside a heap of 64 MB, because a text with one character above U+00FF takes two bytes for each, and what is
 * recorded is there twice for a moment.
 */
export const OUTPUT_CAPS: IOutputCaps = {
  cellBytes: 4 * MIB,
  runBytes: 256 * MIB,
  totalBytes: 16 * MIB,
  messageBytes: 8 * MIB
};

/** The end of a cell's outputs that is always kept: the last lines say how it went. */
const TAIL_BYTES = 64 * 1024;
/** … where nothing else can be. */
const LEAST_TAIL_BYTES = 4096;

/** Outputs are counted anew whenever so much may have come. */
const RECOUNT_BYTES = 256 * 1024;
/** A finished cell of which nothing came for so long is given up for others, when there is no room. */
const QUIET_MS = 1000;

export interface IOutputBudgetOptions {
  readonly caps: IOutputCaps;
  readonly clock: IClock;
  /** All executions that hold outputs, oldest first. */
  readonly held: () => Iterable<Execution>;
  /** The outputs of a finished cell are not to be held any more. @returns whether that is so. */
  readonly giveUp: (execution: Execution) => boolean;
}

/** Shares out the memory for outputs among all cells, as they need it. */
export class OutputBudget {
  constructor(private readonly options: IOutputBudgetOptions) {}

  /**
   * What a cell that begins may hold.
   *
   * @param releasedBytes - what the outputs of its run take that are not held any more.
   */
  limits(run: string, releasedBytes: number): IOutputLimits {
    const { caps, held } = this.options;
    let runBytes = releasedBytes;
    for (const { place, outputs } of held()) {
      runBytes += place?.run === run ? outputs.bytes : 0;
    }
    const headBytes = Math.max(0, Math.min(caps.cellBytes, caps.runBytes - runBytes));
    return {
      headBytes,
      tailBytes: headBytes > TAIL_BYTES ? TAIL_BYTES : LEAST_TAIL_BYTES,
      admits: bytes => this.admits(bytes)
    };
  }

  private admits(bytes: number): boolean {
    const { totalBytes } = this.options.caps;
    this.admittedBytes += bytes;
    if (this.admittedBytes > RECOUNT_BYTES || this.heldBytes + this.admittedBytes > totalBytes) {
      this.recount(bytes);
    }
    return this.heldBytes + this.admittedBytes <= totalBytes;
  }

  /** Counts what is held, and makes room for more where that is easy. */
  private recount(wantedBytes: number): void {
    const { caps, clock, held, giveUp } = this.options;
    const executions = [...held()];
    this.admittedBytes = wantedBytes;
    this.heldBytes = executions.reduce((sum, { outputs }) => sum + outputs.bytes, 0);
    const quietMs = clock.monotonicMs() - QUIET_MS;
    for (const execution of executions) {
      if (this.heldBytes + wantedBytes + RECOUNT_BYTES <= caps.totalBytes) {
        break;
      }
      if (execution.isOver && execution.heardAtMs <= quietMs) {
        this.heldBytes -= giveUp(execution) ? execution.outputs.bytes : 0;
      }
    }
  }

  private heldBytes = 0;
  /** May have come since they were counted. */
  private admittedBytes = 0;
}
