import { isAbsolute, join, sep } from 'node:path';

/** More bytes than a path may have on Linux (PATH_MAX, limits.h), and than a name (NAME_MAX). */
const PATH_BYTES = 4096;
const NAME_BYTES = 255;
const DRIVE = /^[A-Za-z]:/;

/**
 * The file that a path of the contents API names: below `rootDir`, as jupyter_server finds it
 * (`FileContentsManager._get_os_path`). Links on the way are followed by whoever opens it, as there: people have links
 * in their homes.
 *
 * @param rootDir - jupyter_server's root folder, absolute.
 * @param path - with "/" between names; pages send it, so it may be anything.
 * @returns null when it names nothing below the root.
 */
export function documentPath(rootDir: string, path: string): string | null {
  const names = path.split('/').filter(name => name !== '');
  const isUsable =
    isAbsolute(rootDir) &&
    names.length > 0 &&
    !isAbsolute(path) &&
    !DRIVE.test(path) &&
    isText(path) &&
    names.every(name => name !== '.' && name !== '..' && Buffer.byteLength(name) <= NAME_BYTES) &&
    // Where names are divided by another sign too, it may not be in one.
    (sep === '/' || !path.includes(sep));
  const found = isUsable ? join(rootDir, ...names) : null;
  return found !== null && Buffer.byteLength(found) < PATH_BYTES ? found : null;
}

/** The path of the contents API for another file in the folder of `path`. */
export function siblingPath(path: string, name: string): string {
  const names = path.split('/').filter(part => part !== '');
  return [...names.slice(0, -1), name].join('/');
}

/** No NUL, which ends a path for the system, and no half characters, which would become others. */
function isText(path: string): boolean {
  return !path.includes('\0') && Buffer.from(path, 'utf8').toString('utf8') === path;
}
