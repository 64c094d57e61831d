import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { copyPython } from './python.mjs';

const run = promisify(execFile);
const here = import.meta.dirname;

/** The programs that play tests inside, by the word `lk.driver`. */
const DRIVERS = ['driver', 'power', 'homes', 'audit-power'];

/** Where things are mounted, made on the disk because it is read-only later. */
const FOLDERS = ['bin', 'dev', 'home', 'lib', 'payload', 'proc', 'run', 'sys', 'tmp', 'usr/bin', 'etc'];

/**
 * First root file system: loads the disk drivers and hands over to the base disk.
 *
 * @returns path of the archive.
 */
export async function buildInitramfs(cache, programs, modules) {
  const folder = join(cache, 'initramfs');
  await rm(folder, { recursive: true, force: true });
  for (const name of ['bin', 'modules', 'root', 'dev', 'proc']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await copyFile(programs.busybox, join(folder, 'bin/busybox'));
  const loading = [];
  for (const path of modules) {
    const name = basename(path).replace(/\.xz$/, '');
    const content = path.endsWith('.xz')
      ? execFileSync(programs.busybox, ['xzcat', path], { maxBuffer: 64 << 20 })
      : await readFile(path);
    await writeFile(join(folder, 'modules', name), content);
    loading.push(`/bin/busybox insmod /modules/${name}`);
  }
  const init = (await readFile(join(here, 'inside/init.sh'), 'utf8')).replace(
    '# LOAD MODULES',
    loading.join('\n')
  );
  await writeFile(join(folder, 'init'), init);
  await chmod(join(folder, 'init'), 0o755);
  const archive = join(cache, 'initramfs.cpio');
  execFileSync('sh', ['-c', `find . | "$0" cpio -o -H newc > "$1"`, programs.busybox, archive], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit']
  });
  return archive;
}

/**
 * The base disk: Node, unshare and their libraries, busybox. Kept between runs, as it only changes with Node.
 *
 * @param node - the Node program to put on it.
 */
export async function buildBaseDisk(cache, programs, node) {
  const { size, mtimeMs } = await stat(node);
  const image = join(cache, `base-${process.versions.node}-${size}-${Math.round(mtimeMs)}.ext4`);
  if (existsSync(image)) {
    return image;
  }
  const folder = join(cache, 'base');
  await rm(folder, { recursive: true, force: true });
  for (const name of FOLDERS) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await copyFile(programs.busybox, join(folder, 'bin/busybox'));
  const { stdout } = await run(programs.busybox, ['--list']);
  for (const name of stdout.split('\n').filter(applet => applet !== '' && applet !== 'busybox')) {
    await symlink('busybox', join(folder, 'bin', name));
  }
  await copyFile(node, join(folder, 'usr/bin/node'));
  await copyFile(programs.unshare, join(folder, 'usr/bin/unshare'));
  for (const library of [
    ...(await libraries(programs, node)),
    ...(await libraries(programs, programs.unshare))
  ]) {
    await mkdir(join(folder, dirname(library)), { recursive: true });
    await copyFile(library, join(folder, library));
  }
  await writeFile(
    join(folder, 'etc/passwd'),
    'root:x:0:0::/home:/bin/sh\njovyan:x:1000:100::/home:/bin/sh\n'
  );
  await writeFile(join(folder, 'etc/group'), 'root:x:0:\nusers:x:100:\n');
  await makeDisk(programs, image, 256, folder);
  await rm(folder, { recursive: true });
  return image;
}

/**
 * The payload disk: the companion as it is built now, and the programs that play the tests.
 *
 * @param more - python: the Python program to put on it with labkeeper's modules, for `saver.py`; modules: of the
 *   kernel, in loading order.
 */
export async function buildPayloadDisk(cache, programs, repository, { python = null, modules = [] } = {}) {
  const folder = join(cache, 'payload');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const name of [
    'start.sh',
    'enter.sh',
    'enter-namespace.sh',
    'no-sync.mjs',
    'no-audit-sync.mjs',
    'count-syncs.mjs'
  ]) {
    await copyFile(join(here, 'inside', name), join(folder, name));
    await chmod(join(folder, name), 0o755);
  }
  await build({
    entryPoints: {
      ...Object.fromEntries(DRIVERS.map(name => [name, join(here, 'inside', `${name}.mjs`)])),
      'recording-child': join(repository, 'companion/test/audit/recording-child.mts')
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    // The sources of today, also where the packages were not compiled yet.
    alias: {
      '@labkeeper/protocol': join(repository, 'packages/protocol/src/index.ts'),
      '@labkeeper/core': join(repository, 'packages/core/src/index.ts')
    },
    external: ['bufferutil', 'utf-8-validate'],
    banner: {
      js: "import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);"
    },
    logLevel: 'warning'
  });
  for (const name of ['companion.mjs', 'recovery-process.mjs', 'hub-service.mjs']) {
    const program = join(repository, 'labkeeper/node', name);
    if (!existsSync(program)) {
      throw new Error(`labkeeper/node/${name} is not built yet: npm run build`);
    }
    await copyFile(program, join(folder, name));
  }
  if (python !== null) {
    await copyPython(python, repository, join(folder, 'python'), program => libraries(programs, program));
    await copyFile(join(here, 'inside/saver.py'), join(folder, 'saver.py'));
  }
  await mkdir(join(folder, 'modules'));
  for (const [index, module] of modules.entries()) {
    await copyFile(module, join(folder, 'modules', `${String(index).padStart(2, '0')}-${basename(module)}`));
  }
  const image = join(cache, 'payload.ext4');
  await rm(image, { force: true });
  await makeDisk(programs, image, 16 + (python === null ? 0 : 80) + 2 * modules.length, folder);
  return image;
}

/** The home volume: it outlives every container in the machine. */
export async function buildHomeDisk(cache, programs) {
  const image = join(cache, 'home.ext4');
  const folder = join(cache, 'home');
  await mkdir(folder, { recursive: true });
  await rm(image, { force: true });
  await makeDisk(programs, image, 64, folder);
  return image;
}

/** The dynamic libraries of a program, loader included, by their paths here. */
async function libraries(programs, program) {
  const { stdout } = await run(programs.ldd, [program]);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(match => match[1]);
}

/** A file of `sizeMiB` with an ext4 file system that holds `folder`. */
async function makeDisk(programs, image, sizeMiB, folder) {
  const draft = `${image}.part`;
  await writeFile(draft, '');
  await truncate(draft, sizeMiB << 20);
  await run(programs['mkfs.ext4'], ['-q', '-F', '-d', folder, draft]);
  await rename(draft, image);
}
