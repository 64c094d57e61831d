import { createHash } from 'node:crypto';
import { lstat, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptPlace } from '@labkeeper/protocol';
import { codeOf } from '../failure.js';
import {
  createOwnFile,
  ensureOwnFolder,
  openOwnFile,
  ownFolder,
  replaceOwnFile
} from '../recorder/own-folder.js';

/** What nobody wrote to for so long is removed, in ms: nobody will want it any more. */
const LEFT_MS = 60 * 86_400_000;
/** What its files begin with: whatever else lies there is somebody else's. */
const OWN_NAME = /^[0-9a-f]{16}\./;

/** Digits of a name that tell one hub and user from others. */
const KEY_DIGITS = 16;

export interface IHubFolderOptions {
  readonly home: string;
  readonly serverName: string;
  /** Tells this process's temporary files from others'. */
  readonly unique: string;
  readonly place: KeptPlace;
}

/**
 * The folder `.local/share/labkeeper/hub/<server>` of a home: the hub's last word, and what waits for the hub. Each hub and
 * user has files of its own there, so that nothing goes to another one. All of it may take for ever where the home is on a
 * network.
 */
export class HubFolder {
  constructor(private readonly options: IHubFolderOptions) {
    const { home, serverName, place } = options;
    const { service, user } = place;
    this.place = place;
    this.path = ownFolder(home, 'hub', serverName);
    this.key = createHash('sha256')
      .update(JSON.stringify([service, user]))
      .digest('hex')
      .slice(0, KEY_DIGITS);
  }

  readonly place: KeptPlace;
  readonly path: string;

  /** Names of the files of this hub and user. @throws the system's error. */
  async names(): Promise<string[]> {
    const prefix = `${this.key}.`;
    const all = await this.all();
    return all.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length));
  }

  /**
   * Reads a small file whole.
   *
   * @returns null = there is none.
   * @throws the system's error, NotOursError for what is no plain file of this user, RangeError for a longer one.
   */
  async read(name: string, mostBytes: number): Promise<string | null> {
    let file: FileHandle;
    try {
      // A backup of the home by hard links gives it another name.
      file = await openOwnFile(this.pathOf(name), true);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return null;
      }
      throw error;
    }
    try {
      const { size } = await file.stat();
      if (size > mostBytes) {
        throw new RangeError(`${this.pathOf(name)} has ${size} bytes, at most ${mostBytes} are expected.`);
      }
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  }

  /**
   * Replaces a small file whole.
   *
   * @param durable - false: it need not outlive the machine, only this process. Then no fsync is spent on it.
   */
  async replace(name: string, text: string, durable: boolean): Promise<void> {
    await this.prepare();
    this.replaced += 1;
    await replaceOwnFile(this.pathOf(name), text, `${this.options.unique}-${this.replaced}`, durable);
  }

  /** A new file that is written at its end. Whoever makes it closes it. */
  async create(name: string): Promise<FileHandle> {
    await this.prepare();
    return createOwnFile(this.pathOf(name));
  }

  /** That there is none is no error. */
  async remove(name: string): Promise<void> {
    await rm(this.pathOf(name), { force: true });
  }

  /**
   * Gives what cannot be used another name, once in this process, so that nothing is written over it.
   *
   * @returns its path now; null = there is nothing.
   */
  async setAside(name: string): Promise<string | null> {
    const aside = this.pathOf(`${name}.aside-${this.options.unique}`);
    try {
      await rename(this.pathOf(name), aside);
      return aside;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return null;
      }
      throw error;
    }
  }

  /** Removes what was left long ago, also of other hubs and users. @param nowMs - epoch ms. */
  async prune(nowMs: number): Promise<void> {
    for (const name of await this.all()) {
      const path = join(this.path, name);
      if (OWN_NAME.test(name) && (await isLeft(path, nowMs))) {
        await rm(path, { force: true });
      }
    }
  }

  private async all(): Promise<string[]> {
    try {
      return await readdir(this.path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return [];
      }
      throw error;
    }
  }

  private async prepare(): Promise<void> {
    if (!this.isPrepared) {
      await ensureOwnFolder(this.options.home, 'hub', this.options.serverName);
      this.isPrepared = true;
    }
  }

  private pathOf(name: string): string {
    return join(this.path, `${this.key}.${name}`);
  }

  private readonly key: string;
  private isPrepared = false;
  private replaced = 0;
}

/** Whether it is a file that nobody wrote for long. One that is gone meanwhile is not. */
async function isLeft(path: string, nowMs: number): Promise<boolean> {
  try {
    const found = await lstat(path);
    return found.isFile() && nowMs - found.mtimeMs > LEFT_MS;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return false;
    }
    throw error;
  }
}
