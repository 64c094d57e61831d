import { constants } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../failure.js';
import { syncFolder } from './new-file.js';
import { besideName } from './recovered-name.js';
import { readFailure, writeFailure } from './recovery-error.js';

/** The first name beside a file that nobody has. @param from - the number to begin with, 1 = none. */
export async function freeName(
  folder: string,
  name: string,
  what: string,
  from = 1
): Promise<{ readonly path: string; readonly number: number }> {
  for (let number = from; ; number += 1) {
    const path = join(folder, besideName(name, what, number));
    if (!(await isThere(path))) {
      return { path, number };
    }
  }
}

/**
 * Lets a file that is whole and on the disk take a name that nobody has, for good.
 *
 * Not by a link, which some file systems do not have: the name is taken by an empty file first.
 *
 * @returns false when somebody else has taken the name meanwhile.
 * @throws RecoveryError.
 */
export async function takeFreeName(temporary: string, path: string): Promise<boolean> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  try {
    const place = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
    await place.close();
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return false;
    }
    throw writeFailure(error);
  }
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(path, { force: true });
    throw writeFailure(error);
  }
  await syncFolder(dirname(path));
  return true;
}

/** Whether something has this name, be it a link to nowhere. @throws RecoveryError 'unreadable'. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return false;
    }
    throw readFailure(error);
  }
}
