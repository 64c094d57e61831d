import { constants } from 'node:fs';
import { access, lstat, rename } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { JournalError, SpliceError, type FoldedRun } from '@labkeeper/core';
import type { SpliceOutcome, SpliceRefusal } from '@labkeeper/protocol';
import { codeOf, reasonOf } from '../failure.js';
import { NewFile, syncFolder, type IWritten } from './new-file.js';
import type { IOwnFile } from './notebook-signature.js';
import { isSameStamp, PlainFile, stampAt } from './plain-file.js';
import { temporaryPath } from './prepared-copy.js';
import { RecoveryError } from './recovery-error.js';
import { scanNotebookFile } from './scan-file.js';
import { spliceOf, writeSplice } from './write-splice.js';

export interface ISpliceSave {
  /** The notebook's file, absolute. */
  readonly path: string;
  /** The file that the run began with: hexadecimal SHA-256. */
  readonly expectedHash: string;
  /** Everything that is to be put into it. */
  readonly run: FoldedRun;
  /** Called with the new file when it is in its place. */
  readonly saved?: (own: IOwnFile) => void;
  /** Tells this save's temporary file from others'. */
  readonly unique: string;
}

const NS_PER_MS = 1_000_000n;

/**
 * Puts what changed into a notebook's file: a new file is written beside it, checked, forced to the disk, and takes its
 * name in one step, if the file is still the one that was read. Whoever is killed in between leaves the old one or the
 * new one. It reads and writes in small pieces, and other work gets its turn between them.
 *
 * Of the file's attributes, its permissions and owner stay; access lists and other extended attributes are lost,
 * because Node cannot read them.
 */
export async function spliceSave(save: ISpliceSave): Promise<SpliceOutcome> {
  try {
    if (!(await isOneName(save.path))) {
      return refused('not-plain', 'It is a link or has other names.');
    }
    await access(save.path, constants.W_OK);
    const file = await PlainFile.open(save.path);
    if (file === null) {
      return refused('changed', 'There is no file.');
    }
    try {
      return await spliceInto(save, file);
    } finally {
      await file.close();
    }
  } catch (error) {
    return refusalOf(error);
  }
}

async function spliceInto(save: ISpliceSave, file: PlainFile): Promise<SpliceOutcome> {
  const { path, run, expectedHash, unique } = save;
  const { hash, scan } = await scanNotebookFile(file);
  if (hash !== expectedHash) {
    return refused('changed', 'Its hash is another one.');
  }
  if (scan.kind !== 'map') {
    return refused('doubt', 'Not every byte of it is understood.');
  }
  const source = { map: scan.map, read: file.read };
  const splice = await spliceOf(source, run);
  const into = await NewFile.create(
    temporaryPath(dirname(path), { boot: unique, run: basename(path) }),
    file
  );
  try {
    const map = await writeSplice(source, splice, run.cells().length, into);
    const written = await into.finish(file);
    const isSame = isSameStamp(await stampAt(path), file.stamp) && (await isOneName(path));
    if (!written.isAlike || !isSame) {
      await into.discard();
      return written.isAlike
        ? refused('changed', 'It was written while it was to be saved.')
        : refused('not-plain', 'It belongs to somebody else.');
    }
    // Right after the look: what others write between the two is lost, and nothing else.
    await rename(into.path, path);
    save.saved?.({ path, map, stamp: written.stamp });
    return await saved(path, written);
  } catch (error) {
    await into.discard();
    throw error;
  }
}

async function saved(path: string, { hash, sizeBytes, stamp }: IWritten): Promise<SpliceOutcome> {
  return {
    kind: 'saved',
    hash,
    sizeBytes,
    lastModifiedMs: Number(stamp.modifiedNs / NS_PER_MS),
    durable: await isSynced(dirname(path))
  };
}

async function isSynced(folder: string): Promise<boolean> {
  try {
    await syncFolder(folder);
    return true;
  } catch (error) {
    if (error instanceof RecoveryError) {
      return false;
    }
    throw error;
  }
}

async function isOneName(path: string): Promise<boolean> {
  const found = await lstat(path);
  return !found.isSymbolicLink() && found.nlink === 1;
}

function refusalOf(error: unknown): SpliceOutcome {
  if (error instanceof RecoveryError) {
    const { problem } = error;
    const why = problem === 'not-writable' || problem === 'disk-full' ? problem : 'unreadable';
    return refused(why, error.message);
  }
  if (error instanceof SpliceError) {
    return refused(error.problem === 'file-changed' ? 'changed' : 'doubt', error.message);
  }
  if (error instanceof JournalError) {
    return refused('doubt', error.message);
  }
  switch (codeOf(error)) {
    case null:
      throw error;
    case 'ENOENT':
      return refused('changed', reasonOf(error));
    case 'EBUSY':
      return refused('not-plain', reasonOf(error));
    default:
      return refused('not-writable', reasonOf(error));
  }
}

function refused(why: SpliceRefusal, detail: string): SpliceOutcome {
  return { kind: 'refused', why, detail };
}
