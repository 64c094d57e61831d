import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../failure.js';

/** The folder of what must stay secret: 0700, its files 0600. */
export class StateFolder {
  private constructor(private readonly path: string) {}

  /** Makes the folder if it is not there. @throws when others could read what is in it. */
  static async open(path: string): Promise<StateFolder> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await refuseReadable(path, 'folder');
    return new StateFolder(path);
  }

  /**
   * A secret of this name; made, and durable, when it is not there.
   *
   * @throws when others can read it, or the folder cannot be written.
   */
  async secret(name: string, make: () => Buffer): Promise<Buffer> {
    const path = join(this.path, name);
    const before = await readSecret(path);
    if (before) {
      return before;
    }
    // Whole or not at all, and the first of two replicas wins: a key that was used and is not on the disk would be lost.
    const beside = `${path}.${randomUUID()}`;
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(make());
      await file.sync();
      await link(beside, path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        throw error;
      }
    } finally {
      await file.close();
      await unlink(beside);
    }
    await syncFolder(this.path);
    const made = await readSecret(path);
    if (!made) {
      throw new Error(`The file ${path} was made and is not there.`);
    }
    return made;
  }

  /** null = there is none of this name. @throws when others can read it. */
  read(name: string): Promise<Buffer | null> {
    return readSecret(join(this.path, name));
  }

  /** Of all that is in it. */
  names(): Promise<readonly string[]> {
    return readdir(this.path);
  }

  /** Keeps a secret under a name that is not taken; durable when it resolves. */
  async put(name: string, content: Buffer): Promise<void> {
    const file = await open(join(this.path, name), 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(this.path);
  }

  /**
   * Puts another secret in the place of one, which is kept under a name of its own. At no moment is there none.
   *
   * @param other - name of what comes; it keeps that name too.
   */
  async swap(name: string, keptAs: string, other: string): Promise<void> {
    const content = await readSecret(join(this.path, other));
    if (!content) {
      throw new Error(`The file ${join(this.path, other)} is not there: put it back from a backup.`);
    }
    await link(join(this.path, name), join(this.path, keptAs)).catch((error: unknown) => {
      // Of a try before.
      if (codeOf(error) !== 'EEXIST') {
        throw error;
      }
    });
    const coming = `${join(this.path, name)}.${randomUUID()}`;
    await link(join(this.path, other), coming);
    await rename(coming, join(this.path, name));
    await syncFolder(this.path);
  }
}

/** null = it is not there. */
async function readSecret(path: string): Promise<Buffer | null> {
  try {
    const content = await readFile(path);
    await refuseReadable(path, 'file');
    return content;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A group may read: Kubernetes gives mounted secrets to one. */
export async function refuseReadable(path: string, what: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o007) !== 0) {
    throw new Error(
      `The ${what} ${path} can be read by everybody, and it holds keys: run chmod o-rwx on it, and think about replacing them.`
    );
  }
}
