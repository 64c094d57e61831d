import { constants, copyFile, link, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../failure.js';
import type { ILeftCopy } from './find-left-copies.js';
import { syncFile, syncFolder } from './new-file.js';
import { hashOfFile } from './plain-file.js';
import { freeName } from './publish-copy.js';
import { readFailure, writeFailure } from './recovery-error.js';

/**
 * Gives what a crash left a name that people see, beside the document. What has one already, from an earlier start, keeps
 * it. The left file itself stays.
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
    await (left.origin === 'left-copy' ? linkOrCopy(left.place, free.path) : copy(left.place, free.path));
  } catch (error) {
    throw writeFailure(error);
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
    for (const other of (await readdir(folder)).filter(one => one.startsWith(begin))) {
      const { size } = await stat(join(folder, other));
      if (size === left.sizeBytes && (await hashOfFile(join(folder, other))) === hash) {
        return other;
      }
    }
  } catch (error) {
    throw readFailure(error);
  }
  return null;
}

/** A second name costs no room: such a crash is often that of a full disk. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOSPC') {
      throw error;
    }
    await copy(from, to);
  }
}

async function copy(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL);
  await syncFile(to);
}
