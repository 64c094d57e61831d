import { FoldedRun, LaterFile, LaterRecords, type IBatchBoundary, type INotebookMap } from '@labkeeper/core';
import type { JournalRecord } from '@labkeeper/protocol';
import { BoundaryAt, foldBatches, type IRecordSink, type IRunToRecover } from './fold-batches.js';
import type { OpenedFiles } from './opened-files.js';
import type { PlainFile } from './plain-file.js';
import { scanNotebookFile } from './scan-file.js';
import { utf8 } from './write-splice.js';

/** A file that should be a notebook. */
export interface INotebook {
  readonly file: PlainFile;
  readonly hash: string;
  /** null = it is no notebook that could be changed piece by piece. */
  readonly map: INotebookMap | null;
}

/** A notebook, and from which batch on the records of a run are put on it. */
export interface IStart extends INotebook {
  readonly map: INotebookMap;
  /** null = from the first. */
  readonly after: IBatchBoundary | null;
}

/** @returns null when there is none. @throws RecoveryError 'unreadable'. */
export async function openNotebook(files: OpenedFiles, path: string): Promise<INotebook | null> {
  const file = await files.open(path);
  if (file === null) {
    return null;
  }
  const { hash, scan } = await scanNotebookFile(file);
  return { file, hash, map: scan.kind === 'map' ? scan.map : null };
}

/** Where a run goes on in a file that the journal names; null = it names another. @throws RecoveryError. */
export async function knownStart(run: IRunToRecover, { file, hash, map }: INotebook): Promise<IStart | null> {
  if (map === null) {
    return null;
  }
  if (hash === run.base?.hash) {
    return { file, hash, map, after: null };
  }
  const { saved } = run;
  if (saved?.hash !== hash) {
    return null;
  }
  const { sink } = await foldBatches(run, () => new BoundaryAt(saved.seq));
  return sink.boundary && { file, hash, map, after: sink.boundary };
}

/**
 * Where a run goes on in a file that it saved itself, and the journal never heard of that.
 *
 * @returns 'all' = the file lacks nothing; null = it is no such file.
 * @throws RecoveryError.
 */
export async function foundStart(
  run: IRunToRecover,
  { file, hash, map }: INotebook
): Promise<IStart | 'all' | null> {
  const found = await savedStart(run, { file, hash, map });
  return found?.isAll ? 'all' : (found?.start ?? null);
}

/** The same, with the place also where the file lacks nothing. @throws RecoveryError. */
export async function savedStart(
  run: IRunToRecover,
  { file, hash, map }: INotebook
): Promise<{ readonly start: IStart; readonly isAll: boolean } | null> {
  if (map === null) {
    return null;
  }
  const { sink, isWhole } = await foldBatches(run, () => new LaterFile({ map, read: file.read, utf8 }));
  const { match } = sink;
  return match && { start: { file, hash, map, after: match }, isAll: match.isLast && isWhole };
}

/** What a run says after the batch at which a file was saved, with the numbers of that file's cells. */
export class NotebookSince implements IRecordSink {
  constructor({ hash, after }: IStart) {
    this.afterSeq = after?.seq ?? 0;
    this.later = after && new LaterRecords(after);
    for (const record of this.later?.begin(hash) ?? []) {
      this.run.add(record);
    }
  }

  readonly run = new FoldedRun('notebook');

  add(record: JournalRecord, seq: number): void {
    if (seq > this.afterSeq) {
      this.run.add(this.later?.translate(record) ?? record);
    }
  }

  /** The number in `run` of a cell that the journal calls `number`. */
  numberOf(number: number): number {
    const translated = this.later?.translate({ t: 'exec', c: number, v: null });
    return translated?.t === 'exec' ? translated.c : number;
  }

  private readonly afterSeq: number;
  private readonly later: LaterRecords | null;
}
