import { constants, fdatasync, write } from 'node:fs';
import { lstat, readdir, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readSpace } from '../adapters/file-system-usage.js';
import { syncFolder } from '../adapters/sync-folder.js';
import { codeOf } from '../failure.js';
import {
  createOwnFile,
  ensureOwnFolder,
  openOwnFile,
  ownFolder,
  replaceOwnFile,
  type FolderKind
} from '../recorder/own-folder.js';

/** A file that is written at its end. */
export interface IJournalFile {
  /** Appends all of it and forces it to the disk: it outlives the machine when this resolves. Or throws; then a part may be there. */
  append(bytes: Buffer): Promise<void>;
  /** Notes that its writer lives. */
  touch(wallMs: number): Promise<void>;
  close(): Promise<void>;
}

/** The journal's folder. All of it may take for ever where the home is on a network. */
export interface IJournalDisk {
  /** Makes the folder where there is none, and checks that it is ours. */
  prepare(): Promise<void>;
  /** A new file, which must not be there. Its name outlives the machine after `syncFolder`. */
  create(name: string): Promise<IJournalFile>;
  syncFolder(): Promise<void>;
  /** Removes a file; that there is none is no error. */
  remove(name: string): Promise<void>;
  names(): Promise<string[]>;
  /** The bytes of a file of this user from `from` up to `to`, in pieces. */
  read(name: string, from: number, to: number): AsyncIterable<Buffer>;
  /** Size, and when anything about the file changed last, by the clock of the file system, in ms. */
  state(name: string): Promise<{ readonly sizeBytes: number; readonly changedAtMs: number }>;
  /** Replaces a small file whole, and makes that outlive the machine. */
  replace(name: string, text: string): Promise<void>;
  /** Bytes that may still be written on the volume. */
  freeBytes(): Promise<number>;
}

const READ_BYTES = 64 * 1024;

/**
 * Types of file systems (statfs(2)) on which a write to a file opened with O_DSYNC ends when the data is on the disk, as
 * with fdatasync(2): ext2 to ext4, XFS, Btrfs, ZFS, overlayfs, NFS, tmpfs. One call instead of two is half the turns between
 * threads. Others, FUSE before all, need not keep to it.
 */
const SYNC_ON_WRITE = new Set([0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0x794c7630, 0x6969, 0x01021994]);

/** The folder `.local/share/labkeeper/<kind>/<server>` of a home. */
export class HomeDisk implements IJournalDisk {
  /** @param unique - tells this process's temporary files from others'. */
  constructor(
    private readonly home: string,
    private readonly serverName: string,
    private readonly unique: string,
    private readonly kind: FolderKind = 'journal'
  ) {
    this.folder = ownFolder(home, kind, serverName);
  }

  readonly folder: string;

  async prepare(): Promise<void> {
    const isNew = !(await exists(this.folder));
    await ensureOwnFolder(this.home, this.kind, this.serverName);
    // A folder whose name is lost with the power takes everything in it along.
    for (let depth = 0, path = this.folder; isNew && depth < 5; depth += 1) {
      path = dirname(path);
      await syncFolder(path);
    }
    this.syncsOnWrite = SYNC_ON_WRITE.has((await statfs(this.folder)).type);
  }

  async create(name: string): Promise<IJournalFile> {
    const { syncsOnWrite } = this;
    const path = join(this.folder, name);
    return new HomeFile(await createOwnFile(path, syncsOnWrite ? constants.O_DSYNC : 0), syncsOnWrite);
  }

  syncFolder(): Promise<void> {
    return syncFolder(this.folder);
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.folder, name), { force: true });
  }

  async names(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return [];
      }
      throw error;
    }
  }

  async *read(name: string, from: number, to: number): AsyncIterable<Buffer> {
    const file = await openOwnFile(join(this.folder, name), true);
    try {
      for (let at = from; at < to;) {
        const piece = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, to - at));
        const { bytesRead } = await file.read(piece, 0, piece.length, at);
        if (bytesRead === 0) {
          break;
        }
        at += bytesRead;
        yield piece.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  async state(name: string): Promise<{ sizeBytes: number; changedAtMs: number }> {
    // Opened: on NFS that asks the server, a look at the name may be answered from memory.
    const file = await openOwnFile(join(this.folder, name), true);
    try {
      const { size, ctimeMs } = await file.stat();
      return { sizeBytes: size, changedAtMs: ctimeMs };
    } finally {
      await file.close();
    }
  }

  async replace(name: string, text: string): Promise<void> {
    await replaceOwnFile(join(this.folder, name), text, `${this.unique}-${this.replaced++}`);
  }

  async freeBytes(): Promise<number> {
    return (await readSpace(this.folder)).freeBytes;
  }

  private replaced = 0;
  private syncsOnWrite = false;
}

/**
 * Written through Node's callbacks: its promises take twice the CPU, and a batch of typing is little else. Unlike them,
 * callbacks do not keep the file open while they run, so `close` waits.
 */
class HomeFile implements IJournalFile {
  /** @param syncsOnWrite - what a write has written is on the disk when it ends. */
  constructor(
    private readonly file: FileHandle,
    private readonly syncsOnWrite: boolean
  ) {}

  append(bytes: Buffer): Promise<void> {
    const appended = new Promise<void>((resolve, reject) => {
      const { fd } = this.file;
      const end = (error: Error | null): void => (error ? reject(error) : resolve());
      // A full disk takes a part, and refuses the next one.
      const writeFrom = (at: number): void =>
        write(fd, bytes, at, bytes.length - at, null, (error, written) => {
          if (error) {
            reject(error);
          } else if (at + written < bytes.length) {
            writeFrom(at + written);
          } else if (this.syncsOnWrite) {
            resolve();
          } else {
            fdatasync(fd, end);
          }
        });
      writeFrom(0);
    });
    this.appended = appended;
    return appended;
  }

  async touch(wallMs: number): Promise<void> {
    await this.file.utimes(wallMs / 1000, wallMs / 1000);
  }

  async close(): Promise<void> {
    // Whoever appended hears of a failure.
    await this.appended.catch(() => undefined);
    await this.file.close();
  }

  private appended: Promise<void> = Promise.resolve();
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return false;
    }
    throw error;
  }
}
