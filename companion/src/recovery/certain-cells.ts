import { FileCell, JournalError, PutCell, type FoldedRun } from '@labkeeper/core';
import type { JournalRecord } from '@labkeeper/protocol';

type Json = Extract<JournalRecord, { t: 'put' }>['cell'];

/**
 * The cells of a run that can be told without the file that it began with, in their order: those that are new, and
 * those whose whole source is known.
 */
export function certainCells(run: FoldedRun): Json[] {
  return run.cells().flatMap(number => {
    const change = changeOf(run, number);
    if (change instanceof PutCell) {
      return [change.json];
    }
    return change?.source?.kind === 'whole' ? [cellOf(change, change.source.text)] : [];
  });
}

/**
 * Records that make a notebook of these cells alone.
 *
 * @param hash - of the notebook without cells that they are put in.
 * @param metadata - the notebook's; null = nobody knows it.
 */
export function recordsOfCells(cells: readonly Json[], hash: string, metadata: Json | null): JournalRecord[] {
  return [
    { t: 'base', hash, cells: 0 },
    ...cells.map((cell, c): JournalRecord => ({ t: 'put', c, cell })),
    { t: 'order', n: 0, at: 0, del: 0, cells: cells.map((_, c) => c) },
    ...(metadata ? [{ t: 'nb' as const, v: metadata }] : [])
  ];
}

/** Whether all cells have ids, as they do from notebooks of version 4.5 on. */
export function haveIds(cells: readonly Json[]): boolean {
  return cells.every(cell => typeof cell['id'] === 'string');
}

/** A cell of which the file would tell more. Nobody said that it is code, but what is run is most of a notebook. */
function cellOf(change: FileCell, source: string): Json {
  const { metadata, executionCount, keptOutputs, newOutputs } = change;
  return {
    cell_type: 'code',
    execution_count: executionCount?.count ?? null,
    metadata: metadata ?? {},
    outputs: keptOutputs === 0 ? [...newOutputs] : [],
    source
  };
}

/** null = nothing changed in it, or nobody said what it holds. */
function changeOf(run: FoldedRun, number: number): FileCell | PutCell | null {
  try {
    return run.cell(number);
  } catch (error) {
    if (error instanceof JournalError) {
      return null;
    }
    throw error;
  }
}
