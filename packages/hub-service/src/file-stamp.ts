import { stat } from 'node:fs/promises';
import { codeOf } from './failure.js';

/**
 * What tells one state of a file from another, also where its name leads elsewhere now.
 *
 * @returns null = there is no file. @throws the system's error.
 */
export async function fileStamp(path: string): Promise<string | null> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
    return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') {
      return null;
    }
    throw error;
  }
}
