import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../adapters/sync-folder.js';
import { codeOf } from '../failure.js';

/** A file that is being written is younger than this, also beside a companion of another container. */
const LEFTOVER_MS = 60_000;

/** A file or folder that somebody else could have put there; it is left alone. */
export class NotOursError extends Error {
  override readonly name = 'NotOursError';
}

/**
 * What a folder is for: the flight recorder, the journal of unsaved work, receipts of reclaims, the audited log, notes of which
 * streams of it were begun, or what else waits for the hub service.
 */
export type FolderKind = 'flight' | 'journal' | 'receipts' | 'audit' | 'streams' | 'hub';

/** The folder of one server below `home`: `.local/share/labkeeper/<kind>/<server>`. */
export function ownFolder(home: string, kind: FolderKind, serverName: string): string {
  return join(home, '.local', 'share', 'labkeeper', kind, folderName(serverName));
}

/** A file name for any server name, different for different names. */
function folderName(serverName: string): string {
  if (serverName === '') {
    return 'default';
  }
  const digest = createHash('sha256').update(serverName).digest('hex').slice(0, 8);
  return `${serverName.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64)}-${digest}`;
}

/**
 * Makes the folder, and checks that its own part of the path (from `labkeeper` on) is made of real folders of this
 * user. Above that people may have what links they like.
 */
export async function ensureOwnFolder(home: string, kind: FolderKind, serverName: string): Promise<string> {
  const folder = ownFolder(home, kind, serverName);
  const share = join(home, '.local', 'share');
  await mkdir(share, { recursive: true, mode: 0o700 });
  // One after the other, each looked at before the next is made in it.
  for (const part of [join(share, 'labkeeper'), join(share, 'labkeeper', kind), folder]) {
    await makeFolder(part);
    const found = await lstat(part);
    if (!found.isDirectory() || found.uid !== ownUid()) {
      throw new NotOursError(`${part} is not a folder of this user.`);
    }
  }
  return folder;
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') {
      throw error;
    }
  }
}

/** Opens a new file for appending, with further flags of open(2); never one that exists, never through a link. */
export function createOwnFile(path: string, flags = 0): Promise<FileHandle> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_APPEND, O_NOFOLLOW } = constants;
  return open(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_NOFOLLOW | flags, 0o600);
}

/**
 * Opens a file of this user for reading, not through a link. Whoever opens it closes it.
 *
 * @param manyNames - it may have other names too: a backup of the home by hard links gives it one.
 * @throws NotOursError for a link, another user's file, or anything that is no plain file.
 */
export async function openOwnFile(path: string, manyNames = false): Promise<FileHandle> {
  // Non-blocking, so that a named pipe cannot hold us.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile() || found.uid !== ownUid() || (found.nlink !== 1 && !manyNames)) {
      throw new NotOursError(`${path} is not a plain file of this user.`);
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Reads a file of this user: see `openOwnFile`.
 *
 * @returns at most the last `limitBytes` of it.
 */
export async function readOwnFile(path: string, limitBytes: number): Promise<Buffer> {
  const file = await openOwnFile(path);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, limitBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Replaces a small file whole: readers see the old one or the new one.
 *
 * @param durable - false: it need not outlive the machine, only this process. Then no fsync is spent on it.
 */
export async function replaceOwnFile(
  path: string,
  text: string,
  unique: string,
  durable = true
): Promise<void> {
  const temporary = `${path}.${unique}`;
  const file = await createOwnFile(temporary);
  try {
    try {
      await file.writeFile(text);
      if (durable) {
        await file.datasync();
      }
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await removeQuietly(temporary);
    throw error;
  }
  if (durable) {
    // Its new name is an entry of the folder.
    await syncFolder(dirname(path));
  }
}

/** Removes what `replaceOwnFile` left beside `path` where it was killed in the middle, more than a minute before `nowMs`. */
export async function removeLeftovers(path: string, nowMs: number): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    const leftover = join(folder, name);
    if (name.startsWith(`${basename(path)}.`) && (await isOlder(leftover, nowMs - LEFTOVER_MS))) {
      await removeQuietly(leftover);
    }
  }
}

async function isOlder(path: string, thanMs: number): Promise<boolean> {
  try {
    return (await lstat(path)).mtimeMs < thanMs;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw error;
    }
    return false;
  }
}

/** As far as the system lets us: it is tried on the way out of another failure, and again at the next start. */
async function removeQuietly(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    if (codeOf(error) === null) {
      throw error;
    }
  }
}

function ownUid(): number {
  return process.geteuid?.() ?? -1;
}
