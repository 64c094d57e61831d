import { reasonOf } from '@labkeeper/core';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { normalizeName } from '../project-name.js';
import { versionOf } from '../file-name.js';
import { ZipReader, type ReadAt } from './zip-reader.js';

/** What METADATA may take at most: the largest seen has less than a tenth. */
export const METADATA_BYTES = 4 * 1024 * 1024;
/** Wheels with more files than this are none that anybody could use. */
const ENTRIES = 500_000;

/** A wheel is broken, or is made to do harm. Its message is a sentence. */
export class BrokenWheelError extends Error {
  override readonly name = 'BrokenWheelError';
}

export interface IWheel {
  /** Normalised. */
  readonly project: string;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly readAt: ReadAt;
}

/** METADATA of a wheel, as it stands there; only its list of files and that one are read. @throws BrokenWheelError */
export async function wheelMetadata(wheel: IWheel): Promise<Buffer> {
  try {
    const zip = await opened(wheel);
    try {
      const entry = await metadataEntry(zip, wheel);
      return await content(zip, entry);
    } finally {
      zip.close();
    }
  } catch (error) {
    throw error instanceof BrokenWheelError
      ? error
      : new BrokenWheelError(`The wheel ${wheel.filename} cannot be read: ${reasonOf(error)}.`, {
          cause: error
        });
  }
}

function opened({ readAt, sizeBytes }: IWheel): Promise<ZipFile> {
  const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true };
  return new Promise((resolve, reject) =>
    yauzl.fromRandomAccessReader(new ZipReader(readAt), sizeBytes, options, (error, zip) =>
      error ? reject(error) : resolve(zip)
    )
  );
}

/** The one METADATA of the one `dist-info` folder: with two of them tools would disagree on which counts. */
function metadataEntry(zip: ZipFile, { project, filename }: IWheel): Promise<Entry> {
  if (zip.entryCount > ENTRIES) {
    throw new BrokenWheelError(`The wheel ${filename} says that it holds ${zip.entryCount} files.`);
  }
  return new Promise((resolve, reject) => {
    const found: Entry[] = [];
    zip.on('error', reject);
    zip.on('entry', (entry: Entry) => {
      if (/^[^/]+\.dist-info\/METADATA$/.test(entry.fileName)) {
        found.push(entry);
      }
      zip.readEntry();
    });
    zip.on('end', () => {
      const [entry, second] = found;
      if (!entry || second) {
        const what = entry ? 'more than one METADATA' : 'no METADATA';
        return reject(new BrokenWheelError(`The wheel ${filename} holds ${what}.`));
      }
      if (!isOf(entry.fileName, project, filename)) {
        return reject(
          new BrokenWheelError(`The wheel ${filename} holds ${entry.fileName}, of something else.`)
        );
      }
      if (entry.uncompressedSize > METADATA_BYTES) {
        return reject(
          new BrokenWheelError(
            `METADATA of the wheel ${filename} would unpack to ${entry.uncompressedSize} bytes.`
          )
        );
      }
      resolve(entry);
    });
    zip.readEntry();
  });
}

/** Whether the folder names the project and version that the file does; old tools write the version otherwise. */
function isOf(path: string, project: string, filename: string): boolean {
  const [name = '', version = ''] = path.replace(/\.dist-info\/METADATA$/, '').split('-');
  const wanted = versionOf(filename, project);
  return normalizeName(name) === project && (wanted === null || loose(version) === loose(wanted));
}

function loose(version: string): string {
  return version.toLowerCase().replace(/[-_.+]+/g, '.');
}

function content(zip: ZipFile, entry: Entry): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    zip.openReadStream(entry, (error, stream) => {
      if (error) {
        return reject(error);
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('error', reject);
      stream.once('end', () => resolve(Buffer.concat(chunks)));
    })
  );
}
