import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { Unavailable } from './unavailable.mjs';

const run = promisify(execFile);

/** Drivers of the virtual disks, in the order in which they depend on each other (Debian builds them as modules). */
const MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_pci_legacy_dev',
  'virtio_pci_modern_dev',
  'virtio_pci',
  'virtio_blk'
];

/**
 * The distribution's current small kernel, downloaded once by the distribution's own client and unpacked, not
 * installed.
 *
 * @param cache - folder for what is kept between runs.
 * @returns the paths of its folder, of the kernel and of its disk drivers, in loading order.
 * @throws Unavailable where there is no apt, or it has no such package.
 */
export async function findKernel(cache) {
  const home = join(cache, 'kernel');
  if (!existsSync(home)) {
    await download(home);
  }
  const files = await readdir(home, { recursive: true });
  const image = files.find(file => /^boot\/vmlinuz-/.test(file));
  if (image === undefined) {
    throw new Unavailable(`no kernel in ${home}; remove that folder and run again`);
  }
  const modules = MODULES.flatMap(name => {
    const file = files.find(path => path.endsWith(`/${name}.ko`) || path.endsWith(`/${name}.ko.xz`));
    return file === undefined ? [] : [join(home, file)];
  });
  return { home, image: join(home, image), modules };
}

/**
 * Modules of that kernel with all that they need, in loading order; what is built into the kernel is left out.
 *
 * @param home - the kernel's folder, see `findKernel`.
 */
export async function findModules(home, names) {
  const files = await readdir(home, { recursive: true });
  const paths = new Map(
    files.filter(file => file.endsWith('.ko')).map(file => [moduleName(file), join(home, file)])
  );
  const found = new Set();
  const add = async name => {
    const path = paths.get(moduleName(name));
    if (path !== undefined && !found.has(path)) {
      // The section .modinfo holds NUL-terminated `key=value` (include/linux/moduleparam.h).
      const needs = /\0depends=([^\0]*)\0/.exec(await readFile(path, 'latin1'))?.[1] ?? '';
      for (const need of needs.split(',').filter(Boolean)) {
        await add(need);
      }
      found.add(path);
    }
  };
  for (const name of names) {
    await add(name);
  }
  return [...found];
}

function moduleName(file) {
  return basename(file, '.ko').replaceAll('-', '_');
}

/** Downloads into a folder beside `home` and renames it, so that a cut download is never taken for a kernel. */
async function download(home) {
  const draft = `${home}.part`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  try {
    const { stdout } = await run('apt-cache', ['depends', 'linux-image-cloud-amd64']);
    const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
    if (name === undefined) {
      throw new Error('apt knows no package linux-image-cloud-amd64');
    }
    await run('apt-get', ['download', '-q', name], { cwd: draft });
    const archive = (await readdir(draft)).find(file => file.endsWith('.deb'));
    if (archive === undefined) {
      throw new Error(`apt-get download ${name} left no file`);
    }
    await run('dpkg-deb', ['-x', archive, '.'], { cwd: draft });
    await rm(join(draft, archive));
  } catch (error) {
    throw new Unavailable(
      `the kernel package cannot be had (Debian's linux-image-cloud-amd64, by apt-get download): ${firstLine(error)}`
    );
  }
  await rename(draft, home);
}

function firstLine(error) {
  return (error instanceof Error ? error.message : String(error)).split('\n').slice(0, 2).join(' ');
}
