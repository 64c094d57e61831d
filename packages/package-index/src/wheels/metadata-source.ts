import type { FileHandle } from 'node:fs/promises';
import { reasonOf } from '@labkeeper/core';
import type { DiskCache } from '../files/disk-cache.js';
import { bestHash, hashFor } from '../files/file-hash.js';
import type { FileSource } from '../files/file-source.js';
import { cacheKeyOf, type IRemoteFile } from '../files/remote-file.js';
import type { OnIndexEvent } from '../index-event.js';
import { IndexRefusal } from '../index-refusal.js';
import { SingleFlight } from '../single-flight.js';
import { readBody } from '../upstream/read-body.js';
import { openRemoteWheel } from './remote-wheel.js';
import { BrokenWheelError, METADATA_BYTES, wheelMetadata } from './wheel-metadata.js';
import type { ReadAt } from './zip-reader.js';

export interface IMetadataSourceOptions {
  /** Of metadata. */
  readonly cache: DiskCache;
  /** Of files: a wheel that is there is not asked for again. */
  readonly wheels: DiskCache;
  readonly files: FileSource;
  readonly onEvent: OnIndexEvent;
}

/** A wheel, with what the page of its index says of its metadata. */
export interface IWheelFile extends IRemoteFile {
  readonly coreMetadata: boolean | Readonly<Record<string, string>>;
}

/** METADATA of wheels: from the upstream index where it has them, else out of the wheel, by its tail. */
export class MetadataSource {
  constructor(private readonly options: IMetadataSourceOptions) {}

  /** @throws IndexRefusal */
  async metadata(file: IWheelFile): Promise<Buffer> {
    const key = `${cacheKeyOf(file)}.metadata`;
    const kept = file.hash && (await this.options.cache.read(key));
    return (
      kept ??
      this.flights.run(key, async () => {
        const bytes = await this.fetched(file);
        if (file.hash) {
          await this.options.cache.put(key, bytes);
        }
        return bytes;
      })
    );
  }

  private async fetched(file: IWheelFile): Promise<Buffer> {
    try {
      return (file.coreMetadata ? await this.offered(file) : null) ?? (await this.made(file));
    } catch (error) {
      if (error instanceof IndexRefusal) {
        throw error;
      }
      const { index, project, filename } = file;
      const detail =
        error instanceof BrokenWheelError ? error.message : `${reasonOf(error)}.`.replace(/\.\.$/, '.');
      this.options.onEvent({ kind: 'trouble', index, project, message: detail });
      throw new IndexRefusal(
        502,
        `The metadata of ${filename} cannot be had from the index ${index}.`,
        detail,
        {
          cause: error
        }
      );
    }
  }

  /** @returns null = it is not there after all. */
  private async offered(file: IWheelFile): Promise<Buffer | null> {
    const answer = await file.fetch({ suffix: '.metadata' });
    if (answer.status !== 200) {
      answer.body.destroy();
      return null;
    }
    const bytes = await readBody(answer, METADATA_BYTES);
    const expected = typeof file.coreMetadata === 'object' ? bestHash(file.coreMetadata) : null;
    const actual = hashFor(expected).update(bytes).digest('hex');
    if (expected && actual !== expected.digest) {
      const { index, project } = file;
      const filename = `${file.filename}.metadata`;
      this.options.onEvent({
        kind: 'wrong-hash',
        index,
        project,
        filename,
        expected: expected.digest,
        actual
      });
      throw new Error('It has another hash than the index promised.');
    }
    return bytes;
  }

  private async made(file: IWheelFile): Promise<Buffer> {
    const { project, filename } = file;
    const there = await this.onDisk(file);
    if (there) {
      return there;
    }
    const remote = await openRemoteWheel(file);
    if (remote) {
      return wheelMetadata({ project, filename, ...remote });
    }
    await this.fetchWhole(file);
    const bytes = await this.onDisk(file);
    if (bytes) {
      return bytes;
    }
    throw new IndexRefusal(
      503,
      `The metadata of ${filename} cannot be made.`,
      `The index ${file.index} sends no parts of files, and the disk of the package index has no room for the whole.`
    );
  }

  private async onDisk(file: IWheelFile): Promise<Buffer | null> {
    const kept = await this.options.wheels.open(cacheKeyOf(file));
    if (!kept) {
      return null;
    }
    const { handle, sizeBytes } = kept;
    const { project, filename } = file;
    try {
      return await wheelMetadata({ project, filename, sizeBytes, readAt: readerOf(handle) });
    } finally {
      await handle.close();
    }
  }

  private async fetchWhole(file: IWheelFile): Promise<void> {
    const opened = await this.options.files.open(file);
    for await (const _ of opened.read(null).stream) {
      // It goes to the disk by itself.
    }
    await opened.settled;
  }

  private readonly flights = new SingleFlight<Buffer>();
}

function readerOf(handle: FileHandle): ReadAt {
  return async (first, last) => {
    const buffer = Buffer.alloc(last - first + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, first);
    if (bytesRead < buffer.length) {
      throw new Error('it ends before its list of files says so');
    }
    return buffer;
  };
}
