import { constants, copyFile, link, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../failure.js';
import type { ILeftCopy } from './find-left-copies.js';
import { syncFile, syncFolder } from './new-file.js';
import { hashOfFile } from './plain-file.js';
import { temporaryPath } from './prepared-copy.js';
import { freeName, takeFreeName } from './publish-copy.js';
import { readFailure, RecoveryError, writeFailure } from './recovery-error.js';

/**
 * Gives what a crash left a name that people see, beside the document. What has one already, from an earlier start, keeps
 * it. The left file itself stays, and is another file: the server's next save writes into it. Only where the disk has no
 * room for both does it change its name.
 *
 * @param hash - of what was left.
 * @returns the name.
 * @throws RecoveryError.
 */
export async function showLeftCopy(
  left: ILeftCopy,
  original: string,
  hash: string,
  localTime: string
): Promise<string> {
  const folder = dirname(original);
  const shown = await shownBefore(left, folder, basename(original), hash);
  if (shown !== null) {
    return shown;
  }
  const free = await freeName(folder, basename(original), `recovered ${localTime}`);
  try {
    await copy(left.place, free.path);
  } catch (error) {
    if (left.origin !== 'left-copy' || !(error instanceof RecoveryError) || error.problem !== 'disk-full') {
      throw error;
    }
    await move(left.place, free.path);
  }
  await syncFolder(folder);
  return basename(free.path);
}

async function shownBefore(
  left: ILeftCopy,
  folder: string,
  name: string,
  hash: string
): Promise<string | null> {
  const dot = name.lastIndexOf('.');
  const begin = `${dot > 0 ? name.slice(0, dot) : name} (recovered `;
  try {
    const leftFile = await stat(left.place);
    for (const other of (await readdir(folder)).filter(one => one.startsWith(begin))) {
      const { size, ino, dev } = await stat(join(folder, other));
      if (size === left.sizeBytes && (await hashOfFile(join(folder, other))) === hash) {
        if (ino === leftFile.ino && dev === leftFile.dev) {
          // A move that did not end: what is written to one name would be under the other, too.
          await rm(left.place);
        }
        return other;
      }
    }
  } catch (error) {
    throw readFailure(error);
  }
  return null;
}

/** Under a name of ours until it is whole; where the file system can, it shares its blocks. @throws RecoveryError. */
async function copy(from: string, to: string): Promise<void> {
  const temporary = temporaryPath(dirname(to), { boot: 'left', run: basename(to) });
  try {
    await rm(temporary, { force: true });
    await copyFile(from, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await syncFile(temporary);
    if (!(await takeFreeName(temporary, to))) {
      throw taken(to);
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw error instanceof RecoveryError ? error : writeFailure(error);
  }
}

/** Gives a file another name that nobody has: by a link, because a rename would take one that somebody has. */
async function move(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
    await rm(from);
  } catch (error) {
    throw codeOf(error) === 'EEXIST' ? taken(to) : writeFailure(error);
  }
  await syncFile(to);
}

function taken(path: string): RecoveryError {
  return new RecoveryError('not-writable', `Somebody took the name ${path}.`);
}
