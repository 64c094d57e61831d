import type { Json } from '@labkeeper/core';
import type { Executions } from '../../src/iopub/executions.js';

/** What is held of one cell. */
export interface ICollected {
  readonly c: number;
  readonly outputs: readonly Json[];
  readonly executionCount: number | null;
  readonly finished: boolean;
}

/** What is held of all cells of a run, in the order of their numbers. */
export function collectedOf(executions: Executions, run: string): ICollected[] {
  return executions
    .of(run)
    .map(({ execution: { place, outputs, state, executionCount, isOver } }) => ({
      c: place?.c ?? -1,
      outputs: outputs.toJSON(),
      executionCount: state === 'finished' ? executionCount : null,
      finished: isOver
    }))
    .sort((one, other) => one.c - other.c);
}
