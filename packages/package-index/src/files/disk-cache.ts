import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open, readFile, rename, rm, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, reasonOf } from '@labkeeper/core';

const KEY = /^[a-z0-9][a-z0-9._-]{0,199}$/;

export interface IDiskCacheOptions {
  /** Of its own: what else lies in it is removed. */
  readonly folder: string;
  readonly limitBytes: number;
  /** The disk did not do what was asked; a sentence. Everything goes on without what it should have kept. */
  readonly onTrouble: (message: string) => void;
}

/** A file that is being written; it is in the cache once committed. */
export interface IPart {
  readonly handle: FileHandle;
  readonly path: string;
}

/**
 * Files by key, at most so many bytes of them, unfinished ones included: what was not used for longest goes first. A file is
 * there whole or not at all, also after a crash.
 */
export class DiskCache {
  /** Reads what an earlier run left. @throws when the folder cannot be made or listed. */
  constructor(private readonly options: IDiskCacheOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    const found = readdirSync(options.folder).flatMap(name => {
      const path = join(options.folder, name);
      if (!KEY.test(name) || name.endsWith('.part')) {
        rmSync(path, { recursive: true, force: true });
        return [];
      }
      const { size, mtimeMs } = statSync(path);
      return [{ name, size, mtimeMs }];
    });
    for (const { name, size } of found.sort((one, other) => one.mtimeMs - other.mtimeMs)) {
      this.sizes.set(name, size);
      this.keptBytes += size;
    }
    this.evict();
  }

  get limitBytes(): number {
    return this.options.limitBytes;
  }

  /** Of whole files. */
  get bytes(): number {
    return this.keptBytes;
  }

  has(key: string): boolean {
    return this.sizes.has(key);
  }

  /** null = it is not there. */
  sizeOf(key: string): number | null {
    return this.sizes.get(key) ?? null;
  }

  /** Opens a file, which is then the last used; null = it is not there. Whoever asked closes it. */
  async open(key: string): Promise<{ readonly handle: FileHandle; readonly sizeBytes: number } | null> {
    const sizeBytes = this.use(key);
    if (sizeBytes === null) {
      return null;
    }
    try {
      const handle = await open(this.path(key), 'r');
      const { size } = await handle.stat();
      if (size === sizeBytes) {
        return { handle, sizeBytes };
      }
      await handle.close();
      this.options.onTrouble(`A file of the index's cache has another size than it had; it is fetched anew.`);
    } catch (error) {
      this.options.onTrouble(`A file of the index's cache cannot be read: ${reasonOf(error)}.`);
    }
    this.remove(key);
    return null;
  }

  /** A small file whole; null = it is not there. */
  async read(key: string): Promise<Buffer | null> {
    if (this.use(key) === null) {
      return null;
    }
    try {
      return await readFile(this.path(key));
    } catch (error) {
      this.options.onTrouble(`A file of the index's cache cannot be read: ${reasonOf(error)}.`);
      this.remove(key);
      return null;
    }
  }

  /**
   * Keeps a small file. Where the disk does not take it, that is told, and nothing is kept.
   *
   * @param isSafe - whether it must be whole after a loss of power; false = whoever reads it checks it.
   */
  async put(key: string, bytes: Uint8Array, isSafe = true): Promise<void> {
    this.path(key);
    const part = await this.begin(bytes.length);
    if (part === null) {
      return;
    }
    try {
      await part.handle.writeFile(bytes);
      if (isSafe) {
        await part.handle.datasync();
      }
    } catch (error) {
      this.options.onTrouble(`The index's cache cannot be written: ${reasonOf(error)}.`);
      await this.drop(part, bytes.length);
      return part.handle.close();
    }
    await this.place(key, part, bytes.length, bytes.length);
    await part.handle.close();
  }

  /**
   * Begins a file, for which room is made at once.
   *
   * @returns null = it has no room here, or the disk does not take it.
   */
  async begin(reservedBytes: number): Promise<IPart | null> {
    if (this.underWayBytes + reservedBytes > this.options.limitBytes) {
      return null;
    }
    this.underWayBytes += reservedBytes;
    this.evict();
    const path = this.partPath();
    try {
      return { path, handle: await open(path, 'wx+', 0o600) };
    } catch (error) {
      this.underWayBytes -= reservedBytes;
      this.options.onTrouble(`The index's cache cannot be written: ${reasonOf(error)}.`);
      return null;
    }
  }

  /** A file that turned out larger takes more room. @returns whether there is that much. */
  reserve(moreBytes: number): boolean {
    if (this.underWayBytes + moreBytes > this.options.limitBytes) {
      return false;
    }
    this.underWayBytes += moreBytes;
    this.evict();
    return true;
  }

  /** Adds to the end of a file that was begun, and makes room for it. @returns false = the disk takes no more. */
  async append({ handle }: IPart, bytes: Uint8Array): Promise<boolean> {
    if (!this.reserve(bytes.length)) {
      return false;
    }
    try {
      await handle.writeFile(bytes);
      return true;
    } catch (error) {
      this.underWayBytes -= bytes.length;
      this.options.onTrouble(`The index's cache cannot be written: ${reasonOf(error)}.`);
      return false;
    }
  }

  /** Puts a whole file in its place. Its handle stays open for who still reads. */
  async finish(key: string, part: IPart, sizeBytes: number, reservedBytes: number): Promise<void> {
    try {
      // The name must not be there before the bytes: after a loss of power it would stand for nothing.
      await part.handle.datasync();
    } catch (error) {
      this.options.onTrouble(`The index's cache cannot be written: ${reasonOf(error)}.`);
      return this.drop(part, reservedBytes);
    }
    return this.place(key, part, sizeBytes, reservedBytes);
  }

  /** As `finish`, of a file that whoever reads it checks: after a loss of power it may be anything. */
  async place(key: string, part: IPart, sizeBytes: number, reservedBytes: number): Promise<void> {
    try {
      await rename(part.path, this.path(key));
      this.keptBytes += sizeBytes - (this.sizes.get(key) ?? 0);
      this.sizes.delete(key);
      this.sizes.set(key, sizeBytes);
    } catch (error) {
      this.options.onTrouble(`The index's cache cannot be written: ${reasonOf(error)}.`);
      await this.unlink(part.path);
    }
    this.underWayBytes -= reservedBytes;
    this.evict();
  }

  /** Removes a file that was begun. Its handle stays open for who still reads. */
  async drop(part: IPart, reservedBytes: number): Promise<void> {
    this.underWayBytes -= reservedBytes;
    await this.unlink(part.path);
  }

  remove(key: string): void {
    const size = this.sizes.get(key);
    if (size !== undefined) {
      this.sizes.delete(key);
      this.keptBytes -= size;
      this.sweepAway(this.path(key));
    }
  }

  /** @returns its size; null = it is not there. */
  private use(key: string): number | null {
    const size = this.sizes.get(key);
    if (size === undefined) {
      return null;
    }
    // Maps keep the order in which keys came: the first is what was not used for longest.
    this.sizes.delete(key);
    this.sizes.set(key, size);
    const now = new Date();
    utimes(this.path(key), now, now).catch(() => {
      // The order is lost at the next start, nothing else; whoever opens the file hears of what is wrong with it.
    });
    return size;
  }

  private evict(): void {
    for (const key of this.sizes.keys()) {
      if (this.keptBytes + this.underWayBytes <= this.options.limitBytes) {
        return;
      }
      this.remove(key);
    }
  }

  /** Gives the name free at once, for a file that may come in its place; its bytes go in time. */
  private sweepAway(path: string): void {
    const swept = this.partPath();
    try {
      renameSync(path, swept);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        this.options.onTrouble(`The index's cache cannot be tidied: ${reasonOf(error)}.`);
      }
      return;
    }
    void this.unlink(swept);
  }

  private partPath(): string {
    return join(this.options.folder, `${process.pid}-${++this.begun}.part`);
  }

  private async unlink(path: string): Promise<void> {
    try {
      await rm(path, { force: true });
    } catch (error) {
      this.options.onTrouble(`The index's cache cannot be tidied: ${reasonOf(error)}.`);
    }
  }

  private path(key: string): string {
    if (!KEY.test(key)) {
      throw new Error('This is no key of the cache.');
    }
    return join(this.options.folder, key);
  }

  private readonly sizes = new Map<string, number>();
  private keptBytes = 0;
  private underWayBytes = 0;
  private begun = 0;
}
