import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { syncFolder as syncPlainFolder } from '../adapters/sync-folder.js';
import { codeOf } from '../failure.js';
import { stampOf, type IFileStamp, type PlainFile } from './plain-file.js';
import { writeFailure } from './recovery-error.js';

/** What was written. */
export interface IWritten {
  /** Hexadecimal SHA-256 of its bytes. */
  readonly hash: string;
  readonly sizeBytes: number;
  readonly stamp: IFileStamp;
  /** Whether it has the owner that it should have; only a superuser can give files away. */
  readonly isAlike: boolean;
}

/** What the system answers where a new file may not get the owner of another one. */
const NOT_OURS_TO_SET = new Set(['EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
/** A file under a name that only we use, until it is whole and takes its own. All its errors are RecoveryErrors. */
export class NewFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle
  ) {}

  /**
   * Begins an empty file; what a killed companion left under that name goes.
   *
   * @param like - whose permissions and owner it gets; until it is finished nobody else may read it.
   */
  static async create(path: string, like: PlainFile | null): Promise<NewFile> {
    const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = constants;
    try {
      await rm(path, { force: true });
      const handle = await open(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, like ? 0o600 : 0o666);
      return new NewFile(path, handle);
    } catch (error) {
      throw writeFailure(error);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.hash.update(bytes);
    try {
      // A full disk takes a part, and refuses the next one.
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await this.handle.write(bytes, at, bytes.length - at, this.sizeBytes);
        at += bytesWritten;
        this.sizeBytes += bytesWritten;
      }
    } catch (error) {
      throw writeFailure(error);
    }
  }

  /** Forces it to the disk and closes it. It has still to be given its name. @returns what it is. */
  async finish(like: PlainFile | null): Promise<IWritten> {
    try {
      const isAlike = like === null || (await this.takeAfter(like));
      // Not only its data: the permissions have to outlive the machine as well.
      await this.handle.sync();
      const stamp = stampOf(await this.handle.stat({ bigint: true }));
      await this.close();
      return { hash: this.hash.digest('hex'), sizeBytes: this.sizeBytes, stamp, isAlike };
    } catch (error) {
      throw writeFailure(error);
    }
  }

  /** Gives it up. */
  async discard(): Promise<void> {
    try {
      await this.close();
      await rm(this.path, { force: true });
    } catch (error) {
      // It is tried on the way out of another failure; the next attempt removes it first.
      if (codeOf(error) === null) {
        throw error;
      }
    }
  }

  private async takeAfter(like: PlainFile): Promise<boolean> {
    const isAlike = await this.takeOwner(like.owner);
    // The group of another owner's file is not ours: what it may read, ours may not.
    await this.handle.chmod(isAlike ? like.mode : like.mode & 0o700);
    return isAlike;
  }

  private async takeOwner(owner: PlainFile['owner']): Promise<boolean> {
    const { uid, gid } = await this.handle.stat();
    if (uid === owner.uid && gid === owner.gid) {
      return true;
    }
    try {
      await this.handle.chown(owner.uid, owner.gid);
      return true;
    } catch (error) {
      const code = codeOf(error);
      if (code === null || !NOT_OURS_TO_SET.has(code)) {
        throw error;
      }
      return false;
    }
  }

  private async close(): Promise<void> {
    if (!this.isClosed) {
      this.isClosed = true;
      await this.handle.close();
    }
  }

  private readonly hash = createHash('sha256');
  private sizeBytes = 0;
  private isClosed = false;
}

/** Forces a file that somebody else wrote to the disk. @throws RecoveryError. */
export async function syncFile(path: string): Promise<void> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw writeFailure(error);
  }
}

/** Makes the names in a folder outlive the machine, where the file system knows of that. @throws RecoveryError. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await syncPlainFolder(path);
  } catch (error) {
    throw writeFailure(error);
  }
}
