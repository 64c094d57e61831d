import { boundaryOf, FoldedRun, JournalError, type IBatchBoundary } from '@labkeeper/core';
import type { JournalRecord } from '@labkeeper/protocol';
import { codeOf, reasonOf } from '../failure.js';
import type { IEarlierRun } from '../journal/earlier-run.js';
import { JournalChangedError, type IBatch } from '../journal/read-batches.js';
import { NotOursError } from '../recorder/own-folder.js';
import { BatchError, recordsOf } from './read-records.js';
import { RecoveryError } from './recovery-error.js';

/** What recovery has to know of a run. */
export type IRunToRecover = Pick<
  IEarlierRun,
  'boot' | 'run' | 'path' | 'kind' | 'base' | 'saved' | 'lastSeq' | 'damagedAfterSeq' | 'batches'
>;

/** Takes the records of a run in their order. It may refuse one with a JournalError. */
export interface IRecordSink {
  add(record: JournalRecord, seq: number): void;
  /** The batch with this number is complete. */
  endBatch?(seq: number): Promise<void> | void;
}

export interface IFolded<T> {
  readonly sink: T;
  /** Whether every batch that was written is in it. */
  readonly isWhole: boolean;
}

/**
 * Gives all records of a run to a sink, one batch in memory at a time. Where a page's batch makes no sense it begins anew
 * with another sink and ends before that batch: never is a part of one applied. Of the companion's own batches only the
 * records that make no sense are left out: a cell may have gone while its outputs were on their way.
 *
 * @throws RecoveryError 'journal-damaged' when nothing at all can be read.
 */
export async function foldBatches<T extends IRecordSink>(
  run: IRunToRecover,
  begin: () => T
): Promise<IFolded<T>> {
  let count = Infinity;
  for (;;) {
    const sink = begin();
    let taken = 0;
    let seqBefore = 0;
    let isWhole = count === Infinity && run.damagedAfterSeq === null;
    try {
      for await (const batch of run.batches()) {
        if (taken === count) {
          break;
        }
        // The companion's own records come under the number of the page's last batch.
        if (batch.seq === seqBefore) {
          isWhole = (await takeOwn(batch, sink)) && isWhole;
        } else {
          await take(batch, sink);
        }
        seqBefore = batch.seq;
        taken += 1;
      }
      return { sink, isWhole };
    } catch (error) {
      if (!isSenseless(error) || taken === 0 || count !== Infinity) {
        throw journalFailure(error);
      }
      count = taken;
    }
  }
}

/** Notes how a notebook's run stood after one batch. */
export class BoundaryAt implements IRecordSink {
  constructor(private readonly seq: number) {}

  /** null = no batch ends there. */
  boundary: IBatchBoundary | null = null;

  add(record: JournalRecord): void {
    if (this.boundary === null) {
      this.run.add(record);
    }
  }

  endBatch(seq: number): void {
    if (seq === this.seq) {
      this.boundary = boundaryOf(this.run, seq);
    }
  }

  private readonly run = new FoldedRun('notebook');
}

async function take<T extends IRecordSink>(batch: IBatch, sink: T): Promise<void> {
  for (const record of recordsOf(batch)) {
    sink.add(record, batch.seq);
  }
  await sink.endBatch?.(batch.seq);
}

/**
 * Takes what makes sense of a batch of the companion's own.
 *
 * @returns whether that was all of it.
 */
async function takeOwn<T extends IRecordSink>(batch: IBatch, sink: T): Promise<boolean> {
  const records = ownRecords(batch);
  /** What follows about a cell is told from what was left out. */
  const leftOut = new Set<number>();
  for (const record of records ?? []) {
    const c = 'c' in record ? record.c : null;
    if (c !== null && leftOut.has(c)) {
      continue;
    }
    try {
      sink.add(record, batch.seq);
    } catch (error) {
      if (!(error instanceof JournalError) || c === null) {
        throw error;
      }
      leftOut.add(c);
    }
  }
  await sink.endBatch?.(batch.seq);
  return records !== null && leftOut.size === 0;
}

/** null = one of them is no record. */
function ownRecords(batch: IBatch): readonly JournalRecord[] | null {
  try {
    return [...recordsOf(batch)];
  } catch (error) {
    if (error instanceof BatchError) {
      return null;
    }
    throw error;
  }
}

function isSenseless(error: unknown): boolean {
  return error instanceof BatchError || error instanceof JournalError;
}

function journalFailure(error: unknown): unknown {
  return isSenseless(error) || error instanceof JournalChangedError || error instanceof NotOursError
    ? new RecoveryError('journal-damaged', reasonOf(error))
    : codeOf(error) !== null
      ? new RecoveryError('journal-damaged', `The journal cannot be read: ${reasonOf(error)}`)
      : error;
}
