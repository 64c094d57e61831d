import { Readable } from 'node:stream';
import { reasonOf } from '@labkeeper/core';
import type { OnIndexEvent } from '../index-event.js';
import { IndexRefusal } from '../index-refusal.js';
import type { IByteRange } from './content-range.js';
import type { DiskCache } from './disk-cache.js';
import { Download } from './download.js';
import { notHad, readDownload, type IReadDownloadOptions } from './read-download.js';
import { cacheKeyOf, type IRemoteFile } from './remote-file.js';

/** A file that can be read, once. */
export interface IOpenFile {
  /** null = nobody knows yet. */
  readonly sizeBytes: number | null;
  /** Whether any range of it may be read: until its hash is known to be right, only ranges up to its end may. */
  readonly isChecked: boolean;
  /** @param range - null = the whole. Not checked: its last byte must be the file's. */
  read(range: IByteRange | null): ISending;
  /** Resolves when nothing more comes: then it is on the disk, if the disk takes it. */
  readonly settled: Promise<unknown>;
  /** Instead of reading. */
  close(): Promise<void>;
}

/** Bytes on their way to whoever asked. */
export interface ISending {
  readonly stream: Readable;
  /** How many were handed on so far. */
  readonly sentBytes: () => number;
}

/** Files of upstream indexes by way of the disk: one fetch, however many ask. */
export class FileSource {
  constructor(
    private readonly cache: DiskCache,
    private readonly onEvent: OnIndexEvent
  ) {}

  /** @throws IndexRefusal */
  async open(file: IRemoteFile): Promise<IOpenFile> {
    const key = cacheKeyOf(file);
    for (;;) {
      const kept = file.hash && (await this.cache.open(key));
      if (kept) {
        const { handle, sizeBytes } = kept;
        return {
          sizeBytes,
          isChecked: true,
          settled: Promise.resolve(),
          read: range => {
            const stream = handle.createReadStream(range ? { start: range.first, end: range.last } : {});
            return { stream, sentBytes: () => stream.bytesRead };
          },
          close: () => handle.close()
        };
      }
      // It may have come to its place while the disk was asked.
      if (this.coming(key) || !file.hash || !this.cache.has(key)) {
        return this.follow(key, file);
      }
    }
  }

  private async follow(key: string, file: IRemoteFile): Promise<IOpenFile> {
    const { onEvent } = this;
    let download = this.coming(key);
    if (!download) {
      download = this.begin(key, file);
    }
    const leave = download.join();
    const joined = download;
    await download.ready;
    const { now } = download;
    if (now.kind === 'failed') {
      await leave();
      throw notHad(file, now.reason);
    }
    return {
      sizeBytes: download.sizeBytes,
      isChecked: now.kind === 'done',
      settled: download.ended,
      read: range => {
        const place = { first: range?.first ?? 0, endBytes: range && range.last + 1 };
        return sending({ download: joined, file, onEvent, ...place }, leave);
      },
      close: leave
    };
  }

  private begin(key: string, file: IRemoteFile): Download {
    const { cache, onEvent } = this;
    const download = new Download({ file, cache, onEvent });
    this.downloads.set(key, download);
    void download.ended.finally(() => {
      if (this.downloads.get(key) === download) {
        this.downloads.delete(key);
      }
    });
    return download;
  }

  /** What is on its way and may still be joined. */
  private coming(key: string): Download | null {
    const download = this.downloads.get(key);
    if (download && !download.isOpen) {
      this.downloads.delete(key);
      return null;
    }
    return download ?? null;
  }

  private readonly downloads = new Map<string, Download>();
}

function sending(options: Omit<IReadDownloadOptions, 'signal'>, leave: () => Promise<void>): ISending {
  const gone = new AbortController();
  let sentBytes = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    try {
      for await (const bytes of readDownload({ ...options, signal: gone.signal })) {
        sentBytes += bytes.length;
        yield bytes;
      }
    } catch (error) {
      throw error instanceof IndexRefusal ? error : notHad(options.file, reasonOf(error));
    }
  };
  const stream = Readable.from(counted(), { objectMode: false, highWaterMark: 16 * 1024 });
  stream.once('close', () => {
    gone.abort();
    void leave();
  });
  return { stream, sentBytes: () => sentBytes };
}
