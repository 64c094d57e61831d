import { reasonOf } from '@labkeeper/core';
import type { DiskCache, IPart } from './disk-cache.js';

/** For a file whose size is not known, room is made in such steps. */
const STEP_BYTES = 8 * 1024 * 1024;

/** A file of the cache while it comes: written at its end, and read by many meanwhile. */
export class GrowingFile {
  /** @param totalBytes - null = nobody knows. @returns null = it has no room here, or the disk does not take it. */
  static async begin(
    cache: DiskCache,
    totalBytes: number | null,
    onTrouble: (message: string) => void
  ): Promise<GrowingFile | null> {
    const reservedBytes = totalBytes ?? STEP_BYTES;
    const part = await cache.begin(reservedBytes);
    return (
      part && new GrowingFile(cache, part, { reservedBytes, isSizeKnown: totalBytes !== null, onTrouble })
    );
  }

  private constructor(
    private readonly cache: DiskCache,
    private readonly part: IPart,
    private readonly options: {
      readonly reservedBytes: number;
      readonly isSizeKnown: boolean;
      readonly onTrouble: (message: string) => void;
    }
  ) {
    this.reservedBytes = options.reservedBytes;
  }

  /** How much of it is there. */
  writtenBytes = 0;

  /** @returns false = the disk takes no more. */
  async write(bytes: Buffer): Promise<boolean> {
    if (!this.makeRoom(bytes.length)) {
      return false;
    }
    try {
      for (let done = 0; done < bytes.length;) {
        // A disk that is nearly full may take a part, and only then say so.
        const place = this.writtenBytes + done;
        done += (await this.part.handle.write(bytes, done, bytes.length - done, place)).bytesWritten;
      }
    } catch (error) {
      this.options.onTrouble(
        `The cache of the package index cannot be written: ${reasonOf(error)}. Files are passed on without it.`
      );
      return false;
    }
    this.writtenBytes += bytes.length;
    return true;
  }

  async read(buffer: Buffer, position: number): Promise<number> {
    return (await this.part.handle.read(buffer, 0, buffer.length, position)).bytesRead;
  }

  /** Puts it in its place. It stays open for who still reads. */
  async place(key: string): Promise<void> {
    this.isPlaced = true;
    await this.cache.finish(key, this.part, this.writtenBytes, this.givenBack());
  }

  /** Nothing more comes: what has no place is removed. It stays open for who still reads. */
  async end(): Promise<void> {
    if (!this.isPlaced) {
      await this.cache.drop(this.part, this.givenBack());
    }
  }

  async close(): Promise<void> {
    try {
      await this.part.handle.close();
    } catch (error) {
      this.options.onTrouble(`The cache of the package index cannot be written: ${reasonOf(error)}.`);
    }
  }

  private makeRoom(moreBytes: number): boolean {
    const lacking = this.writtenBytes + moreBytes - this.reservedBytes;
    if (lacking <= 0) {
      return true;
    }
    const step = this.options.isSizeKnown ? lacking : Math.max(lacking, STEP_BYTES);
    if (!this.cache.reserve(step)) {
      return false;
    }
    this.reservedBytes += step;
    return true;
  }

  private givenBack(): number {
    const reserved = this.reservedBytes;
    this.reservedBytes = 0;
    return reserved;
  }

  private reservedBytes: number;
  private isPlaced = false;
}
