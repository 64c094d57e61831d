import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf } from '../failure.js';
import { documentPath, siblingPath } from './document-path.js';
import { checkpointPath } from './prepared-copy.js';
import { readFailure } from './recovery-error.js';

/** A file that a crash left beside a document. */
export interface ILeftCopy {
  /** Of the document, by the contents API. */
  readonly path: string;
  /** Where the copy is, absolute. */
  readonly place: string;
  readonly origin: 'left-copy' | 'checkpoint';
  readonly sizeBytes: number;
  /** When what is in it was written, in ms since the Unix epoch. */
  readonly modifiedAtMs: number;
}

const PREFIX = '.~';
/** What LibreOffice puts beside a document that somebody has open there. */
const OFFICE_LOCK = /^\.~lock\..*#$/;
/** jupyter_server has its copy for as long as a save takes: one this old belongs to nobody. By its time of change. */
export const FORGOTTEN_MS = 60_000;
/** More files of that name in one folder are not a crash. */
const MOST = 100;

export interface IFoundCopies {
  /** Those that no save is at work with. */
  readonly left: readonly ILeftCopy[];
  /** There are others, which will be left a little later, or gone. */
  readonly isEarly: boolean;
}

/**
 * The copies `.~name` in a folder.
 *
 * @param folder - by the contents API; empty = the root.
 * @param nowMs - in ms since the Unix epoch.
 * @throws RecoveryError 'unreadable'.
 */
export async function findLeftCopies(rootDir: string, folder: string, nowMs: number): Promise<IFoundCopies> {
  const place = folder === '' ? rootDir : documentPath(rootDir, folder);
  const names = place === null ? [] : await namesIn(place);
  const left: ILeftCopy[] = [];
  let isEarly = false;
  for (const name of names
    .filter(one => one.startsWith(PREFIX) && one.length > PREFIX.length && !OFFICE_LOCK.test(one))
    .slice(0, MOST)) {
    const copy = await plainFile(join(place ?? '', name));
    if (!copy || copy.sizeBytes === 0) {
      continue;
    }
    if (nowMs - copy.changedAtMs > FORGOTTEN_MS) {
      const document = name.slice(PREFIX.length);
      const path = folder === '' ? document : `${folder}/${document}`;
      left.push({ path, origin: 'left-copy', ...copy });
    } else {
      isEarly = true;
    }
  }
  return { left, isEarly };
}

/** The checkpoint of a notebook that is empty, which no notebook is; null = it is not, or there is none. */
export async function isEmptyNotebook(rootDir: string, path: string): Promise<ILeftCopy | null> {
  const original = documentPath(rootDir, path);
  const file = original === null ? null : await plainFile(original);
  if (original === null || file === null || file.sizeBytes > 0) {
    return null;
  }
  const copy = await plainFile(checkpointPath(original));
  return copy && copy.sizeBytes > 0
    ? { path: siblingPath(path, basename(path)), origin: 'checkpoint', ...copy }
    : null;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw readFailure(error);
  }
}

async function plainFile(
  place: string
): Promise<
  (Pick<ILeftCopy, 'place' | 'sizeBytes' | 'modifiedAtMs'> & { readonly changedAtMs: number }) | null
> {
  try {
    const found = await stat(place);
    return found.isFile()
      ? {
          place,
          sizeBytes: found.size,
          modifiedAtMs: Math.max(0, Math.round(found.mtimeMs)),
          changedAtMs: found.ctimeMs
        }
      : null;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return null;
    }
    throw readFailure(error);
  }
}
