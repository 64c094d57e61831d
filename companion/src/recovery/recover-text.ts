import { FoldedRun, LaterText, type SourceChange } from '@labkeeper/core';
import type { JournalRecord } from '@labkeeper/protocol';
import { foldBatches, type IRecordSink } from './fold-batches.js';
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
import { scanTextFile, type ITextFileFacts } from './scan-file.js';
import { writeText } from './text-splice.js';

interface IText extends ITextFileFacts {
  readonly file: PlainFile;
}

/** Makes a copy of a text file with what a run changed in it. @throws RecoveryError, JournalError. */
export async function recoverText(place: ICopyPlace, files: OpenedFiles): Promise<Prepared> {
  return new TextRecovery(place, files, await open(files, place.path)).prepare();
}

async function open(files: OpenedFiles, path: string): Promise<IText | null> {
  const file = await files.open(path);
  return file && { file, ...(await scanTextFile(file)) };
}

class TextRecovery {
  constructor(
    private readonly place: ICopyPlace,
    private readonly files: OpenedFiles,
    private readonly original: IText | null
  ) {}

  async prepare(): Promise<Prepared> {
    const { original } = this;
    const baseHash = this.place.run.base?.hash ?? null;
    if (baseHash === null) {
      return this.fromJournal(null);
    }
    const seq = original && (await this.savedAfter(original, baseHash));
    if (original && seq !== null) {
      return this.onto(original, seq, 'file');
    }
    const left = await open(this.files, leftCopyPath(this.place.path));
    if (left?.hash === baseHash) {
      return this.onto(left, 0, 'left-copy');
    }
    const doubt = original ? 'file-changed' : 'file-missing';
    const earlier = await open(this.files, checkpointPath(this.place.path));
    return earlier?.hash === baseHash ? this.onto(earlier, 0, 'checkpoint', doubt) : this.fromJournal(doubt);
  }

  /** After which batch a file was saved, 0 = it is what the run began with; null = nobody knows. */
  private async savedAfter({ hash, text }: IText, baseHash: string): Promise<number | null> {
    const { run } = this.place;
    if (hash === baseHash) {
      return 0;
    }
    if (hash === run.saved?.hash) {
      return run.saved.seq;
    }
    if (text === null) {
      return null;
    }
    const { sink } = await foldBatches(run, () => new LaterText(text.sum));
    return sink.match?.seq ?? null;
  }

  /**
   * The records after a batch on a text that holds those before.
   *
   * @param known - why the copy is to be looked at first; null = nothing is.
   */
  private async onto(
    text: IText,
    afterSeq: number,
    basis: CopyBasis,
    known: RecoveryProblem | null = null
  ): Promise<Prepared> {
    const { sink, isWhole } = await foldBatches(this.place.run, () => new TextSince(text.hash, afterSeq));
    const problem = isWhole ? known : 'journal-damaged';
    if (sink.change === null && basis === 'file') {
      return nothingMore(problem);
    }
    if (text.text === null) {
      throw new RecoveryError('unreadable', 'The file is no text in UTF-8.');
    }
    return this.write(text, sink.change ?? { kind: 'edits', edits: [] }, basis, problem);
  }

  /** A text that the journal holds whole. */
  private async fromJournal(doubt: RecoveryProblem | null): Promise<Prepared> {
    const { sink, isWhole } = await foldBatches(this.place.run, () => new TextSince(null, 0));
    const { change } = sink;
    if (doubt !== null && change?.kind !== 'whole') {
      throw new RecoveryError(doubt, 'Only parts of the text are in the journal.');
    }
    const problem = doubt ?? (isWhole ? null : 'journal-damaged');
    return this.write(null, change ?? { kind: 'whole', text: '' }, 'journal', problem);
  }

  /** @param text - what the change is applied to; null = it begins with nothing. */
  private write(
    text: IText | null,
    change: SourceChange,
    basis: CopyBasis,
    problem: RecoveryProblem | null
  ): Promise<Prepared> {
    const { original } = this;
    const lineEnd = (text ?? original)?.text?.lineEnd ?? '\n';
    const about = { basis, changedCells: 1, originalHash: original?.hash ?? null, problem };
    const sizeBytes = text?.file.sizeBytes ?? 0;
    return writeCopy(this.place, about, sizeBytes, (original ?? text)?.file ?? null, async into => {
      const isOther = await writeText(text?.file ?? null, lineEnd, change, into);
      return isOther || basis !== 'file';
    });
  }
}

/** What changed in a text after a batch. */
class TextSince implements IRecordSink {
  /** @param hash - of the text as it was then; null = the records begin with nothing, or with a text that is gone. */
  constructor(
    private readonly hash: string | null,
    private readonly afterSeq: number
  ) {}

  add(record: JournalRecord, seq: number): void {
    if (record.t === 'base') {
      this.run.add(this.hash === null ? record : { ...record, hash: this.hash, cells: 1 });
    } else if (seq > this.afterSeq) {
      this.run.add(record);
    }
  }

  /** null = nothing. */
  get change(): SourceChange | null {
    return this.run.text()?.source ?? null;
  }

  private readonly run = new FoldedRun('text');
}
