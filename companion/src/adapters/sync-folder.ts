import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { codeOf } from '../failure.js';

/**
 * Codes of folders that cannot be forced to the disk (fsync(2)), or that we may not open for it, as those above a home;
 * nothing is to be done about it.
 */
const NO_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EACCES', 'EPERM']);

/** Makes the names in a folder outlive the machine, where the file system knows of that. @throws the system's error. */
export async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | null = null;
  try {
    folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    await folder.sync();
  } catch (error) {
    const code = codeOf(error);
    if (code === null || !NO_SYNC.has(code)) {
      throw error;
    }
  } finally {
    await folder?.close();
  }
}
