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
 * Gives all records of a run to a sink, one batch in memory at a time. Where a batch makes no sense it begins anew with
 * another sink and ends before that batch: never is a part of one applied.
 *
 * @throws RecoveryError 'journal-damaged' when nothing at all can be read.
 */
export async function foldBatches<T extends IRecordSink>(
  run: IRunToRecover,
  begin: () => T
): Promise<IFolded<T>> {
  let untilSeq = Infinity;
  for (;;) {
    const sink = begin();
    let seq = 0;
    try {
      for await (const batch of run.batches()) {
        if (batch.seq > untilSeq) {
          break;
        }
        await take(batch, sink);
        seq = batch.seq;
      }
      return { sink, isWhole: untilSeq === Infinity && run.damagedAfterSeq === null };
    } catch (error) {
      const isSenseless = error instanceof BatchError || error instanceof JournalError;
      if (!isSenseless || seq === 0 || untilSeq !== Infinity) {
        throw journalFailure(error, isSenseless);
      }
      untilSeq = seq;
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

function journalFailure(error: unknown, isSenseless: boolean): unknown {
  return isSenseless || error instanceof JournalChangedError || error instanceof NotOursError
    ? new RecoveryError('journal-damaged', reasonOf(error))
    : codeOf(error) !== null
      ? new RecoveryError('journal-damaged', `The journal cannot be read: ${reasonOf(error)}`)
      : error;
}
