import { FoldedRun, JournalError, SpliceError, type ISplice } from '@labkeeper/core';
import { certainCells, haveIds, recordsOfCells } from './certain-cells.js';
import { fittingSplice } from './fitting-splice.js';
import { foldBatches } from './fold-batches.js';
import {
  foundStart,
  knownStart,
  NotebookSince,
  openNotebook,
  type INotebook,
  type IStart
} from './notebook-start.js';
import type { OpenedFiles } from './opened-files.js';
import type { PlainFile } from './plain-file.js';
import {
  checkpointPath,
  leftCopyPath,
  nothingMore,
  writeCopy,
  type CopyBasis,
  type ICopyPlace,
  type Prepared
} from './prepared-copy.js';
import { RecoveryError, type RecoveryProblem } from './recovery-error.js';
import { emptyNotebook, spliceOf, utf8, writeSplice, type INotebookSource } from './write-splice.js';

/** More than any notebook's metadata takes. */
const METADATA_BYTES = 1024 * 1024;

/** Makes a copy of a notebook with what a run changed in it. @throws RecoveryError, JournalError, SpliceError. */
export async function recoverNotebook(place: ICopyPlace, files: OpenedFiles): Promise<Prepared> {
  return new NotebookRecovery(place, files, await openNotebook(files, place.path)).prepare();
}

class NotebookRecovery {
  constructor(
    private readonly place: ICopyPlace,
    private readonly files: OpenedFiles,
    private readonly original: INotebook | null
  ) {}

  async prepare(): Promise<Prepared> {
    const { original } = this;
    const { run, path } = this.place;
    const start = original && ((await knownStart(run, original)) ?? (await foundStart(run, original)));
    if (start === 'all') {
      return { kind: 'nothing' };
    }
    if (start) {
      return this.onto(start, 'file');
    }
    if (run.base?.hash === null) {
      return this.fromJournal(null);
    }
    const leftStart = await this.startIn(leftCopyPath(path));
    if (leftStart) {
      return this.onto(leftStart, 'left-copy');
    }
    const merged = original && (await this.ontoChanged(original));
    if (merged) {
      return merged;
    }
    const doubt = !original ? 'file-missing' : original.map ? 'file-changed' : 'unreadable';
    const earlier = await this.startIn(checkpointPath(path));
    return earlier ? this.onto(earlier, 'checkpoint', doubt) : this.fromJournal(doubt);
  }

  private async startIn(path: string): Promise<IStart | null> {
    const notebook = await openNotebook(this.files, path);
    return notebook && knownStart(this.place.run, notebook);
  }

  /** A file that is what the run was about. @param known - why the copy is to be looked at first; null = nothing is. */
  private async onto(
    start: IStart,
    basis: CopyBasis,
    known: RecoveryProblem | null = null
  ): Promise<Prepared> {
    const { sink, isWhole } = await foldBatches(this.place.run, () => new NotebookSince(start));
    const source = { map: start.map, read: start.file.read };
    try {
      const { splice, run, problem: doubt } = await fittingSplice(source, sink.run);
      const problem = doubt ?? (isWhole ? known : 'journal-damaged');
      return splice.isSame && basis === 'file'
        ? nothingMore(problem)
        : await this.write({ source, splice, run, basis, problem, like: start.file });
    } catch (error) {
      // What fits nowhere by itself is still there, as far as it is whole.
      if (error instanceof JournalError) {
        return this.fromJournal('journal-damaged');
      }
      throw error;
    }
  }

  /**
   * A file that somebody else changed, in other cells than the run: wherever that edited one, the checksum of its text
   * says that it is still the same. null = that is not so, or nothing was edited.
   */
  private async ontoChanged({ file, map }: INotebook): Promise<Prepared | null> {
    const { sink: run, isWhole } = await foldBatches(this.place.run, () => new FoldedRun('notebook'));
    if (map === null || !run.records().some(({ t }) => t === 'edit')) {
      return null;
    }
    const source = { map, read: file.read };
    try {
      const splice = await spliceOf(source, run);
      return splice.isSame
        ? nothingMore(isWhole ? null : 'journal-damaged')
        : await this.write({ source, splice, run, basis: 'file', problem: 'file-changed', like: file });
    } catch (error) {
      if (
        error instanceof JournalError ||
        (error instanceof SpliceError && error.problem !== 'file-changed')
      ) {
        return null;
      }
      throw error;
    }
  }

  /**
   * A notebook made of nothing but the journal.
   *
   * @param doubt - why only that is certain; null = everything is in the journal.
   */
  private async fromJournal(doubt: RecoveryProblem | null): Promise<Prepared> {
    const { sink, isWhole } = await foldBatches(this.place.run, () => new FoldedRun('notebook'));
    const cells = certainCells(sink);
    if (cells.length === 0 && doubt !== null) {
      throw new RecoveryError(doubt, 'No cell is whole in the journal.');
    }
    const source = emptyNotebook(haveIds(cells));
    const run = new FoldedRun('notebook');
    for (const record of recordsOfCells(cells, source.hash, sink.metadata ?? (await this.metadata()))) {
      run.add(record);
    }
    const splice = { ...(await spliceOf(source, run)), changedCells: cells.length };
    const isAll = isWhole && cells.length === sink.cells().length;
    const problem = doubt ?? (isAll ? null : 'journal-damaged');
    return this.write({ source, splice, run, basis: 'journal', problem, like: this.original?.file ?? null });
  }

  private write(what: {
    readonly source: INotebookSource;
    readonly splice: ISplice;
    readonly run: FoldedRun;
    readonly basis: CopyBasis;
    readonly problem: RecoveryProblem | null;
    readonly like: PlainFile | null;
  }): Promise<Prepared> {
    const { source, splice, run, basis, problem, like } = what;
    const { changedCells, sizeBytes } = splice;
    const about = { basis, changedCells, originalHash: this.original?.hash ?? null, problem };
    return writeCopy(this.place, about, sizeBytes, like, async into => {
      await writeSplice(source, splice, run.cells().length, into);
      return true;
    });
  }

  /** The metadata of the file as it is: it tells the kernel. null = that cannot be told. */
  private async metadata(): Promise<Record<string, unknown> | null> {
    const range = this.original?.map?.metadata;
    if (!this.original || !range || range.to - range.from > METADATA_BYTES) {
      return null;
    }
    const value: unknown = JSON.parse(utf8.decode(await this.original.file.read(range)));
    return typeof value === 'object' && value !== null ? { ...value } : null;
  }
}
