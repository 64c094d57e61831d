import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Unavailable } from './unavailable.mjs';

/** Debian's packages with the programs that build and run the machine. */
const PACKAGES = 'qemu-system-x86 seabios ipxe-qemu busybox-static e2fsprogs util-linux';

/**
 * The programs needed on this machine, by name.
 *
 * @throws Unavailable naming the missing ones and the command that installs them.
 */
export function findPrograms() {
  const names = ['qemu-system-x86_64', 'busybox', 'mkfs.ext4', 'unshare', 'ldd'];
  const found = Object.fromEntries(names.map(name => [name, locate(name)]));
  const missing = names.filter(name => found[name] === null);
  if (process.arch !== 'x64' || process.platform !== 'linux') {
    throw new Unavailable('the test machine is x86-64 and needs Linux to be built');
  }
  if (missing.length > 0) {
    throw new Unavailable(
      `not installed: ${missing.join(', ')} (Debian: sudo apt-get install --no-install-recommends ${PACKAGES})`
    );
  }
  return found;
}

function locate(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}
