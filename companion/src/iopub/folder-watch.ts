import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { IDisposable } from '../clock.js';

/**
 * Calls back when something happens to the file at `path`. The folder is watched and not the file, which may be
 * written anew under its name. Where folders cannot be watched (too many watches, a network file system) nothing is
 * ever said: whoever calls must find out by other means, if later.
 */
export function watchFile(path: string, changed: () => void): IDisposable {
  const name = basename(path);
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_event, file) => {
      if (file === null || file === name) {
        changed();
      }
    });
    watcher.on('error', () => {
      // Said once and then silent: the same as where there is no watching at all.
      watcher.close();
    });
    return { dispose: () => watcher.close() };
  } catch {
    // As above.
    return { dispose: () => undefined };
  }
}
