import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { IByteRange, ReadRange } from '@labkeeper/core';
import { codeOf } from '../failure.js';
import { readFailure, RecoveryError } from './recovery-error.js';

/** So much is read and written at once, in bytes: 115 MB take some 460 steps, none of them as long as 2 ms. */
export const CHUNK_BYTES = 256 * 1024;

/** What changes when a file is written, replaced or renamed, whoever does it. */
export interface IFileStamp {
  readonly device: bigint;
  readonly inode: bigint;
  readonly sizeBytes: number;
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
}

/** A plain file that is open for reading. Whoever opens it closes it. */
export class PlainFile {
  private constructor(
    private readonly handle: FileHandle,
    private readonly found: BigIntStats
  ) {
    this.stamp = stampOf(found);
  }

  /**
   * Opens the file that a path leads to, over links.
   *
   * @returns null when there is none.
   * @throws RecoveryError 'unreadable', also for what is no plain file.
   */
  static async open(path: string): Promise<PlainFile | null> {
    let handle: FileHandle;
    try {
      // Non-blocking, so that a named pipe cannot hold us.
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') {
        return null;
      }
      throw readFailure(error);
    }
    try {
      const found = await handle.stat({ bigint: true });
      if (!found.isFile()) {
        throw new RecoveryError('unreadable', `${path} is no plain file.`);
      }
      return new PlainFile(handle, found);
    } catch (error) {
      await handle.close();
      throw error instanceof RecoveryError ? error : readFailure(error);
    }
  }

  readonly stamp: IFileStamp;

  get sizeBytes(): number {
    return this.stamp.sizeBytes;
  }

  /** Permissions, such as 0o644. */
  get mode(): number {
    return Number(this.found.mode & 0o777n);
  }

  get owner(): { readonly uid: number; readonly gid: number } {
    return { uid: Number(this.found.uid), gid: Number(this.found.gid) };
  }

  /** How many names it has. */
  get names(): number {
    return Number(this.found.nlink);
  }

  /** The bytes of a range, in a buffer that the next call uses again; fewer where the file ends. */
  readonly read: ReadRange = async ({ from, to }) => {
    this.room = this.room.length < to - from ? Buffer.allocUnsafeSlow(to - from) : this.room;
    return this.fill(this.room, { from, to });
  };

  /** All its bytes in pieces; each is gone when the next one is asked for. @throws RecoveryError 'unreadable'. */
  async *pieces(): AsyncGenerator<Buffer> {
    const room = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, Math.max(1, this.sizeBytes)));
    for (let from = 0; ;) {
      const piece = await this.fill(room, { from, to: from + room.length });
      if (piece.length === 0) {
        return;
      }
      from += piece.length;
      yield piece;
    }
  }

  /** Whether nobody wrote to it since it was opened. */
  async isSame(): Promise<boolean> {
    try {
      return isSameStamp(stampOf(await this.handle.stat({ bigint: true })), this.stamp);
    } catch (error) {
      throw readFailure(error);
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private async fill(room: Buffer, { from, to }: IByteRange): Promise<Buffer> {
    let filled = 0;
    try {
      while (filled < to - from) {
        const { bytesRead } = await this.handle.read(room, filled, to - from - filled, from + filled);
        if (bytesRead === 0) {
          break;
        }
        filled += bytesRead;
      }
    } catch (error) {
      throw readFailure(error);
    }
    return room.subarray(0, filled);
  }

  private room = Buffer.alloc(0);
}

/** Hexadecimal SHA-256 of a file's bytes; null = there is no file. @throws RecoveryError 'unreadable'. */
export async function hashOfFile(path: string): Promise<string | null> {
  const file = await PlainFile.open(path);
  if (file === null) {
    return null;
  }
  try {
    const hash = createHash('sha256');
    for await (const piece of file.pieces()) {
      hash.update(piece);
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

/**
 * The stamp of what a path leads to, as its server knows it; null = there is nothing.
 *
 * @throws RecoveryError 'unreadable'.
 */
export async function stampAt(path: string): Promise<IFileStamp | null> {
  try {
    const found = await stat(path, { bigint: true });
    return stampOf(found.isFile() ? await statOpened(path, found) : found);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return null;
    }
    throw readFailure(error);
  }
}

/** Asks again by opening: on NFS a look at the name may be answered from memory for up to a minute. */
async function statOpened(path: string, found: BigIntStats): Promise<BigIntStats> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    // It may be written and not read.
    if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') {
      return found;
    }
    throw error;
  }
  try {
    return await handle.stat({ bigint: true });
  } finally {
    await handle.close();
  }
}

export function isSameStamp(one: IFileStamp | null, other: IFileStamp | null): boolean {
  return one === null || other === null
    ? one === other
    : one.device === other.device &&
        one.inode === other.inode &&
        one.sizeBytes === other.sizeBytes &&
        one.modifiedNs === other.modifiedNs &&
        one.changedNs === other.changedNs;
}

/** The stamp of what the system says of a file. */
export function stampOf(found: BigIntStats): IFileStamp {
  return {
    device: found.dev,
    inode: found.ino,
    sizeBytes: Number(found.size),
    modifiedNs: found.mtimeNs,
    changedNs: found.ctimeNs
  };
}
