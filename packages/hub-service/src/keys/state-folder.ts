import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
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
    try {
      const content = await readFile(path);
      await refuseReadable(path, 'file');
      return content;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        throw error;
      }
    }
    const content = make();
    // Whole or not at all: a half-written key would be a lost key.
    const beside = `${path}.new`;
    const file = await open(beside, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(beside, 0o600);
    await rename(beside, path);
    await syncFolder(this.path);
    return content;
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
async function refuseReadable(path: string, what: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o007) !== 0) {
    throw new Error(
      `The ${what} ${path} can be read by everybody, and it holds keys: run chmod o-rwx on it, and think about replacing them.`
    );
  }
}
