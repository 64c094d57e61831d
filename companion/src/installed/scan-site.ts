import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { IFoundInstalled, ILook, IMovedAside } from '@labkeeper/core';
import { codeOf } from '../failure.js';
import { readDistInfo, type IStamp } from './read-dist-info.js';

/** So many distributions of one folder are looked at, at most. */
const MOST_DISTRIBUTIONS = 20_000;
const SUFFIX = '.dist-info';
/** How pip names what it moves aside. */
const ASIDE = '~';

/**
 * Looks at one folder of installed distributions. What has not changed since the last look costs one `stat`.
 *
 * @param last - what the last look found, by folder.
 * @returns nothing found where the folder is not there.
 * @throws the system's error, where nobody can say what is installed.
 */
export async function scanSite(path: string, last: ReadonlyMap<string, IFoundInstalled>): Promise<ILook> {
  const names = (await namesIn(path)).filter(name => name.endsWith(SUFFIX)).slice(0, MOST_DISTRIBUTIONS);
  const found: IFoundInstalled[] = [];
  const aside: IMovedAside[] = [];
  for (const folder of names) {
    const stamp = await stampOf(path, folder);
    if (folder.startsWith(ASIDE)) {
      aside.push({ folder, changedAtMs: stamp?.changedAtMs ?? 0 });
    } else if (stamp !== null) {
      const known = last.get(folder);
      found.push(known?.signature === stamp.signature ? known : await readDistInfo(path, folder, stamp));
    }
  }
  return { found, aside };
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') {
      return [];
    }
    throw error;
  }
}

/** null = the folder is gone, or empty: it is just being made or removed. */
async function stampOf(path: string, folder: string): Promise<IStamp | null> {
  for (const name of ['RECORD', 'METADATA']) {
    try {
      // The time of the last change of the inode: unlike the other one nobody can set it, and archives do not carry it.
      const { ino, size, mtimeMs, ctimeMs } = await stat(join(path, folder, name));
      return { signature: `${name} ${ino} ${size} ${mtimeMs} ${ctimeMs}`, changedAtMs: ctimeMs };
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') {
        throw error;
      }
    }
  }
  return null;
}
