import { createHash } from 'node:crypto';
import { basename, dirname, extname, join } from 'node:path';
import { readSpace } from '../adapters/file-system-usage.js';
import { codeOf } from '../failure.js';
import type { IRunToRecover } from './fold-batches.js';
import { NewFile } from './new-file.js';
import type { PlainFile } from './plain-file.js';
import { RecoveryError, type RecoveryProblem } from './recovery-error.js';

/** Which file the records were put on. */
export type CopyBasis =
  /** The document's own. */
  | 'file'
  /** The copy `.~name` that jupyter_server made of it before a save in whose middle it was killed. */
  | 'left-copy'
  /** The checkpoint that jupyter_server made of it, and that is the file with which the run began. */
  | 'checkpoint'
  /** None: everything comes from the journal. */
  | 'journal';

const BASES: readonly CopyBasis[] = ['file', 'left-copy', 'checkpoint', 'journal'];

/** Reads one; null = it is none. */
export function parseBasis(value: unknown): CopyBasis | null {
  return BASES.find(basis => basis === value) ?? null;
}

/** A recovered copy that is whole and safe on the disk, under a name that only we use. */
export interface IPreparedCopy {
  readonly kind: 'copy';
  /** Where it is, and where it goes. */
  readonly temporary: string;
  readonly folder: string;
  readonly hash: string;
  readonly sizeBytes: number;
  readonly changedCells: number;
  readonly basis: CopyBasis;
  /** The document's own file as it was; null = there was none. */
  readonly originalHash: string | null;
  /** Why it is not all that there was; null = it is. */
  readonly problem: RecoveryProblem | null;
}

/** What recovery made of a run. */
export type Prepared =
  | IPreparedCopy
  /** The file holds all of it. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'problem'; readonly problem: RecoveryProblem; readonly detail: string };

/** So much is left free beside a copy, in bytes: a disk that is full to the last one keeps everybody from saving. */
const SPARE_BYTES = 1024 * 1024;

/** Where a copy is made, and of what. */
export interface ICopyPlace {
  readonly run: IRunToRecover;
  /** The document, absolute. */
  readonly path: string;
  /** Where the copy goes: the document's folder, or what is left of the way to it. */
  readonly folder: string;
}

/** The name under which a run's copy is written: always the same, so that what is left of one is found. */
export function temporaryPath(folder: string, { boot, run }: Pick<IRunToRecover, 'boot' | 'run'>): string {
  const digest = createHash('sha256').update(`${boot} ${run}`).digest('hex');
  // The server extension removes files of such names that were left for an hour.
  return join(folder, `.labkeeper-${digest.slice(0, 16)}.saving`);
}

/** How jupyter_server names its copy of a file that it is about to write (`path_to_intermediate` in fileio.py). */
export function leftCopyPath(path: string): string {
  return join(dirname(path), `.~${basename(path)}`);
}

/** Where jupyter_server keeps the only checkpoint of a file (`checkpoint_path` in filecheckpoints.py). */
export function checkpointPath(path: string): string {
  const suffix = extname(path);
  return join(dirname(path), '.ipynb_checkpoints', `${basename(path, suffix)}-checkpoint${suffix}`);
}

/** There is nothing to add to the file. @param problem - why something may be missing all the same. */
export function nothingMore(problem: RecoveryProblem | null): Prepared {
  return problem === null
    ? { kind: 'nothing' }
    : { kind: 'problem', problem, detail: 'The file holds all of the journal that can be read.' };
}

/**
 * Writes a copy under its temporary name.
 *
 * @param about - what is to be told of it; `originalHash`: a copy that would be the same is not made.
 * @param sizeBytes - how long it will be, about.
 * @param like - whose permissions it gets.
 * @param fill - writes it. @returns false where that turns out not to be necessary.
 * @throws RecoveryError, and what `fill` throws; nothing is left of the copy then.
 */
export async function writeCopy(
  { run, folder }: ICopyPlace,
  about: Pick<IPreparedCopy, 'basis' | 'changedCells' | 'originalHash' | 'problem'>,
  sizeBytes: number,
  like: PlainFile | null,
  fill: (into: NewFile) => Promise<boolean>
): Promise<Prepared> {
  const temporary = temporaryPath(folder, run);
  const file = await NewFile.create(temporary, like);
  try {
    await mustFit(folder, sizeBytes);
    const written = (await fill(file)) ? await file.finish(like) : null;
    if (written === null || written.hash === about.originalHash) {
      await file.discard();
      return nothingMore(about.problem);
    }
    return { kind: 'copy', temporary, folder, hash: written.hash, sizeBytes: written.sizeBytes, ...about };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Quotas are not seen here: writing meets them. */
async function mustFit(folder: string, bytes: number): Promise<void> {
  try {
    const space = await readSpace(folder);
    // Some network file systems tell nothing: all is 0.
    if (space.sizeBytes > 0 && space.freeBytes < bytes + SPARE_BYTES) {
      throw new RecoveryError('disk-full', `${bytes} bytes are needed and ${space.freeBytes} are free.`);
    }
  } catch (error) {
    // A file system that cannot be asked may still be written.
    if (codeOf(error) === null) {
      throw error;
    }
  }
}
