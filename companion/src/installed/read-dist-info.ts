import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { distributionOf, installerOf, originOf, requestedOf, type IFoundInstalled } from '@labkeeper/core';
import { openPlain, readText } from './read-file.js';

/** Headers of METADATA end long before this, in bytes; the description below them may be long. */
const METADATA_BYTES = 64 * 1024;
const SMALL_BYTES = 16 * 1024;
/** Longest RECORD that is hashed, in bytes: hundreds of thousands of files. */
const RECORD_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** When the file of a distribution changed that is written last, RECORD or else METADATA. */
export interface IStamp {
  readonly signature: string;
  readonly changedAtMs: number;
}

/**
 * Reads what one folder `<name>-<version>.dist-info` tells.
 *
 * @param site - the folder that it lies in.
 * @param stamp - as it was before it is read: what changes while it is read is then seen at the next look.
 * @throws the system's error.
 */
export async function readDistInfo(site: string, folder: string, stamp: IStamp): Promise<IFoundInstalled> {
  const file = (name: string): string => join(site, folder, name);
  const metadata = await readText(file('METADATA'), METADATA_BYTES);
  const installer = installerOf(await readText(file('INSTALLER'), SMALL_BYTES));
  const hasRequested = (await readText(file('REQUESTED'), 0)) !== null;
  const directUrl = await readText(file('direct_url.json'), SMALL_BYTES);
  const record = await readRecord(file('RECORD'), `${folder}/INSTALLER,`);
  return {
    ecosystem: 'pypi',
    ...distributionOf(metadata ?? '', folder),
    requested: requestedOf(installer, hasRequested),
    installer,
    recordDigest: record?.digest ?? null,
    files: record?.files ?? null,
    ...originOf(directUrl, installer),
    folder,
    ...stamp,
    isComplete: record?.isComplete ?? false
  };
}

interface IRecordFile {
  readonly digest: string;
  readonly files: number;
  /** It lists INSTALLER. */
  readonly isComplete: boolean;
}

/** @param mark - the beginning of the line for INSTALLER. @returns null where there is none, or it is too long. */
async function readRecord(path: string, mark: string): Promise<IRecordFile | null> {
  const file = await openPlain(path);
  if (file === null) {
    return null;
  }
  try {
    const hash = createHash('sha256');
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let [files, sizeBytes, isComplete, last] = [0, 0, false, NEWLINE];
    // The end of the chunk before, where the mark may begin.
    let tail = '';
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) {
        break;
      }
      const bytes = chunk.subarray(0, bytesRead);
      hash.update(bytes);
      const text = tail + bytes.toString('latin1');
      isComplete ||= text.includes(mark);
      tail = text.slice(-mark.length);
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
        files += 1;
      }
      last = bytes.at(-1) ?? NEWLINE;
      sizeBytes += bytesRead;
      if (sizeBytes > RECORD_BYTES) {
        return null;
      }
    }
    return { digest: hash.digest('hex'), files: last === NEWLINE ? files : files + 1, isComplete };
  } finally {
    await file.close();
  }
}
