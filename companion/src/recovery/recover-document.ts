import { rm, stat } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import { JournalError, SpliceError } from '@labkeeper/core';
import { codeOf, reasonOf } from '../failure.js';
import { documentPath } from './document-path.js';
import type { IRunToRecover } from './fold-batches.js';
import { OpenedFiles } from './opened-files.js';
import { temporaryPath, type ICopyPlace, type Prepared } from './prepared-copy.js';
import { recoverNotebook } from './recover-notebook.js';
import { recoverText } from './recover-text.js';
import { readFailure, RecoveryError } from './recovery-error.js';

/** A file that somebody writes again and again is given up after so many attempts. */
const MOST_ATTEMPTS = 3;

/**
 * Makes of one run and its document's file a recovered copy that is whole and on the disk, beside the document, under
 * a temporary name. The document itself is only read, and the run is left as it is.
 *
 * It holds in memory what changed, never the file; a run may have changed much, so `recoverApart` gives it a process of
 * its own.
 *
 * @param rootDir - jupyter_server's root folder, absolute.
 */
export async function recoverDocument(run: IRunToRecover, rootDir: string): Promise<Prepared> {
  const path = documentPath(rootDir, run.path);
  if (path === null) {
    return { kind: 'problem', problem: 'unreadable', detail: 'The path is none below the root folder.' };
  }
  if (run.base === null) {
    return { kind: 'problem', problem: 'journal-damaged', detail: 'The first record cannot be read.' };
  }
  try {
    const folder = await nearestFolder(rootDir, dirname(path));
    for (let attempt = 1; ; attempt += 1) {
      const prepared = await attemptOnce({ run, path, folder });
      if (prepared !== 'file-changed') {
        return prepared;
      }
      if (attempt === MOST_ATTEMPTS) {
        throw new RecoveryError('file-changed', 'The file is being written again and again.');
      }
    }
  } catch (error) {
    return problemOf(error);
  }
}

/** @returns 'file-changed' when the file was written meanwhile: what was made of it is gone. */
async function attemptOnce(place: ICopyPlace): Promise<Prepared | 'file-changed'> {
  const files = new OpenedFiles();
  try {
    const { run } = place;
    const prepared = await (run.kind === 'notebook' ? recoverNotebook : recoverText)(place, files);
    if (!(await files.areChanged())) {
      return prepared;
    }
    await rm(temporaryPath(place.folder, run), { force: true });
    return 'file-changed';
  } catch (error) {
    if (await files.areChanged()) {
      return 'file-changed';
    }
    throw error;
  } finally {
    await files.close();
  }
}

/** The folder, or where it was removed the nearest one above it that is there. */
async function nearestFolder(rootDir: string, folder: string): Promise<string> {
  try {
    if ((await stat(folder)).isDirectory()) {
      return folder;
    }
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      throw readFailure(error);
    }
  }
  const way = relative(rootDir, folder);
  if (way === '' || way.split(sep)[0] === '..') {
    throw new RecoveryError('file-missing', `${rootDir} is no folder.`);
  }
  return nearestFolder(rootDir, dirname(folder));
}

function problemOf(error: unknown): Prepared {
  if (error instanceof RecoveryError) {
    return { kind: 'problem', problem: error.problem, detail: error.message };
  }
  if (error instanceof JournalError) {
    return { kind: 'problem', problem: 'journal-damaged', detail: error.message };
  }
  if (error instanceof SpliceError) {
    return { kind: 'problem', problem: 'unreadable', detail: error.message };
  }
  throw new Error(`A recovery failed: ${reasonOf(error)}`, { cause: error });
}
