import type { FoldedRun } from '@labkeeper/core';
import { JournalRecord, parseParams } from '@labkeeper/protocol';
import type { IRunFold } from '../journal/shrinker.js';

const DECLARATION = { method: 'journal record', params: JournalRecord } as const;

/** Folds a run line by line. @throws MessageError or JournalError where a line makes no sense. */
export function foldLines(run: FoldedRun): IRunFold {
  return {
    add: line => run.add(parseParams(DECLARATION, JSON.parse(line))),
    lines: () => run.records().map(record => JSON.stringify(record))
  };
}
