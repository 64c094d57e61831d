import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, unlink } from 'node:fs/promises';
import { codeOf } from '../failure.js';

/** Never over another file, and through no link. */
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** What file systems say that have no second names for a file, and append-only folders that let nothing be removed. */
const CANNOT = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EACCES', 'EROFS']);

/**
 * Writes a file that is there with all of its text or not at all, whenever this process is killed; only where a file
 * system has no hard links it may be cut short. Its name in the folder is not durable yet.
 *
 * @returns `there` = a file of that name is there already; it stays as it is.
 */
export async function writeOnce(path: string, text: string): Promise<'written' | 'there'> {
  const aside = `${path}.${randomUUID()}.tmp`;
  await writeNew(aside, text);
  try {
    await link(aside, path);
    return 'written';
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return 'there';
    }
    if (!CANNOT.has(codeOf(error) ?? '')) {
      throw error;
    }
    return await writeDirectly(path, text);
  } finally {
    await remove(aside);
  }
}

/** Whether a file is only the beginning of what it was to be, because writing it was cut short. */
export function isUnfinished(found: string | null, whole: string): boolean {
  return found !== null && found.length < whole.length && whole.startsWith(found);
}

async function writeDirectly(path: string, text: string): Promise<'written' | 'there'> {
  try {
    await writeNew(path, text);
    return 'written';
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return 'there';
    }
    throw error;
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, NEW, 0o440);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Where nothing may be removed, it stays: its name is that of no digest. */
async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!CANNOT.has(codeOf(error) ?? '')) {
      throw error;
    }
  }
}
