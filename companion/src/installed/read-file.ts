import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { codeOf } from '../failure.js';

/** Codes of a file that is not there, or of a path that leads nowhere. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/**
 * Opens a plain file without waiting: a named pipe would hold its reader for ever. Links are followed, as Python does.
 *
 * @returns null where there is none, or what is there is no plain file. Whoever opens it closes it.
 * @throws the system's error.
 */
export async function openPlain(path: string): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (ABSENT.has(codeOf(error) ?? '')) {
      return null;
    }
    throw error;
  }
  if ((await file.stat()).isFile()) {
    return file;
  }
  await file.close();
  return null;
}

/** The beginning of a file, at most so many bytes; null = there is none. @throws the system's error. */
export async function readText(path: string, mostBytes: number): Promise<string | null> {
  const file = await openPlain(path);
  if (file === null) {
    return null;
  }
  try {
    const { size } = await file.stat();
    const length = Math.min(size, mostBytes);
    if (length === 0) {
      return '';
    }
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
