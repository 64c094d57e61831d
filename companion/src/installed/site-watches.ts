import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IDisposable } from '../clock.js';
import { codeOf } from '../failure.js';

/**
 * Watches folders of installed distributions, without what lies below: one distribution is one or two events. A hint and
 * no more: what overflows is silent, network file systems say nothing of others' writes, and folders may be replaced; so
 * whoever uses this looks from time to time all the same.
 */
export class SiteWatches implements IDisposable {
  /** @param changed - something about a distribution in a folder may have changed. */
  constructor(private readonly changed: (path: string) => void) {}

  /** Watches these folders and no others; again, where another folder has taken the place of one. */
  async set(paths: readonly string[]): Promise<void> {
    for (const path of this.watches.keys()) {
      if (!paths.includes(path)) {
        this.end(path);
      }
    }
    for (const path of paths) {
      const identity = await identityOf(path);
      if (this.watches.get(path)?.identity !== identity && !this.disposed) {
        this.end(path);
        if (identity !== null) {
          this.begin(path, identity);
        }
      }
    }
  }

  dispose(): void {
    this.disposed = true;
    [...this.watches.keys()].forEach(path => this.end(path));
  }

  private begin(path: string, identity: string): void {
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) => {
        if (name === null || name.endsWith('.dist-info')) {
          this.changed(path);
        }
      });
      watcher.on('error', () => {
        // Said once and then silent: the same as where there is no watching at all.
        watcher.close();
      });
      this.watches.set(path, { watcher, identity });
    } catch (error) {
      if (codeOf(error) === null) {
        throw error;
      }
      // No watches left, or it has just gone: the next look tries again.
    }
  }

  private end(path: string): void {
    this.watches.get(path)?.watcher.close();
    this.watches.delete(path);
  }

  private readonly watches = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  private disposed = false;
}

/** Which folder it is; null = there is none. */
async function identityOf(path: string): Promise<string | null> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? `${found.dev} ${found.ino}` : null;
  } catch (error) {
    if (codeOf(error) === null) {
      throw error;
    }
    return null;
  }
}
