import { watch, type FSWatcher } from 'node:fs';
import { constants, lstat, open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { IClock, IDisposable } from '../clock.js';
import { codeOf, reasonOf } from '../failure.js';

/** A file as it was read. */
export interface IFileReading {
  readonly text: string;
  /** Wall clock, ms since the Unix epoch. */
  readonly mtimeMs: number;
  /** Kubernetes writes this folder: each version is a folder of its own, and a symlink `..data` names the one that holds. */
  readonly projected: boolean;
}

/** Greatest file that is read; notices have a line or two. */
const FILE_BYTES = 16 * 1024;
/** In a folder it is the file of this name that counts. */
const NAME = 'reclaim';
/** The symlink that the kubelet swaps when the volume's content changes. */
const DATA_LINK = '..data';
/** A file that is written in several steps is read when it has not changed for this long. */
const SETTLE_MS = 100;
/** Looks without a sign: for network file systems and folders that were replaced. Costs two `stat` each. */
const SLOW_MS = 5000;

/**
 * Watches one file that may come, change and go, by whatever means: written in place, renamed over, a swapped symlink,
 * a folder replaced by another. Gives what it holds, and null when it is not there, each time that this changes, and
 * again with every slow look.
 */
export class WatchedFile implements IDisposable {
  constructor(
    private readonly options: {
      /** The file, or a folder in which it is called `reclaim`. */
      readonly path: string;
      readonly clock: IClock;
      readonly read: (reading: IFileReading | null, changed: boolean) => void;
      readonly trouble: (sentence: string) => void;
      readonly slowMs?: number;
      readonly settleMs?: number;
    }
  ) {
    this.turn();
  }

  dispose(): void {
    this.disposed = true;
    this.watcher?.close();
    this.slow?.dispose();
    this.settle?.dispose();
  }

  private turn(): void {
    this.look();
    this.slow = this.options.clock.after(this.options.slowMs ?? SLOW_MS, () => this.turn());
  }

  /** Looks now, or once more when a look is under way; never two at a time, because a network may hang. */
  private look(): void {
    this.again = this.looking;
    if (this.looking || this.disposed) {
      return;
    }
    this.looking = true;
    this.lookOnce()
      .catch((error: unknown) =>
        this.options.trouble(`${this.options.path} cannot be read: ${reasonOf(error)}`)
      )
      .finally(() => {
        this.looking = false;
        if (this.again) {
          this.look();
        }
      });
  }

  private async lookOnce(): Promise<void> {
    const { path, clock } = this.options;
    const isFolder = (await statOrNull(path))?.isDirectory() ?? false;
    const folder = isFolder ? path : dirname(path);
    const file = isFolder ? join(path, NAME) : path;
    await this.watchFolder(folder, basename(file));
    const found = await statOrNull(file);
    const identity = found ? `${found.dev} ${found.ino} ${found.size} ${found.mtimeMs}` : 'none';
    if (this.disposed) {
      return;
    }
    if (identity === this.accepted) {
      this.options.read(this.reading, false);
      return;
    }
    if (identity !== this.candidate) {
      this.candidate = identity;
      this.settle?.dispose();
      this.settle = clock.after(this.options.settleMs ?? SETTLE_MS, () => this.look());
      return;
    }
    const reading = found ? await readFile(file, folder, found.mtimeMs) : null;
    if (!this.disposed) {
      this.accepted = identity;
      this.reading = reading;
      this.options.read(reading, true);
    }
  }

  /** Keeps a watch on the folder, also when another one takes its place. */
  private async watchFolder(folder: string, name: string): Promise<void> {
    const found = await statOrNull(folder);
    const identity = found?.isDirectory() ? `${folder} ${found.dev} ${found.ino}` : null;
    if (identity === this.watched || this.disposed) {
      return;
    }
    this.watcher?.close();
    this.watcher = null;
    this.watched = identity;
    if (identity === null) {
      return;
    }
    try {
      this.watcher = watch(folder, { persistent: false }, (_event, changed) => {
        // The folder may be a busy one, and other files do not matter.
        if (changed === null || changed === name || changed === DATA_LINK || changed === basename(folder)) {
          this.look();
        }
      });
      this.watcher.on('error', () => {
        // The folder is gone: the slow look finds out, and whether there is another one.
        this.watched = null;
      });
    } catch (error) {
      // No watches left (fs.inotify.max_user_watches): the slow look alone has to do.
      this.options.trouble(
        `${folder} is looked at every few seconds, it cannot be watched: ${reasonOf(error)}`
      );
    }
  }

  private watcher: FSWatcher | null = null;
  /** The folder that is watched; null = there is none. */
  private watched: string | null = null;
  private slow: IDisposable | null = null;
  private settle: IDisposable | null = null;
  private looking = false;
  private again = false;
  private disposed = false;
  /** What the file was when it was read last, and what it seems to be now. */
  private accepted = 'none';
  private candidate = 'none';
  private reading: IFileReading | null = null;
}

/** Reads a file without waiting: a FIFO would hold its reader for ever. @throws Error when it is no plain short file. */
async function readFile(file: string, folder: string, mtimeMs: number): Promise<IFileReading> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) {
      throw new Error('it is no plain file');
    }
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(FILE_BYTES + 1), 0, FILE_BYTES + 1, 0);
    if (bytesRead > FILE_BYTES) {
      throw new Error(`it is longer than ${FILE_BYTES} bytes`);
    }
    const projected = await lstat(join(folder, DATA_LINK)).then(
      link => link.isSymbolicLink(),
      () => false // An ordinary folder.
    );
    return { text: buffer.toString('utf8', 0, bytesRead), mtimeMs, projected };
  } finally {
    await handle.close();
  }
}

/** What is there; null = nothing. @throws Error when nobody can say. */
async function statOrNull(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return null;
    }
    throw error;
  }
}
