import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Tells which files a program needs that imports what `saver.py` does: a whole Python is a thousand times as much. */
const PROBE = `
import json, os, sys
sys.path.insert(0, sys.argv[1])
import labkeeper.publish_file, labkeeper.new_version, labkeeper.file_stamp, encodings.latin_1
modules = [module for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
files = [name for module in modules for name in (module.__file__, getattr(module, "__cached__", None)) if name and os.path.exists(name)]
print(json.dumps({"prefix": sys.base_prefix, "version": "python%d.%d" % sys.version_info[:2], "files": files}))
`;

/**
 * Puts a Python into a folder that runs from there: `start` starts it.
 *
 * @param librariesOf - the dynamic libraries of a program, by their paths here.
 */
export async function copyPython(python, repository, folder, librariesOf) {
  const program = await realpath(python);
  const { stdout } = await run(program, ['-S', '-c', PROBE, repository]);
  const { prefix, version, files } = JSON.parse(stdout);
  const copies = new Map([[program, 'bin/python']]);
  for (const file of files) {
    const own = relative(repository, file);
    copies.set(file, own.startsWith('..') ? relative(prefix, file) : join('lib', version, own));
  }
  const binaries = [program, ...files.filter(file => file.endsWith('.so'))];
  for (const library of (await Promise.all(binaries.map(librariesOf))).flat()) {
    copies.set(library, join('libraries', basename(library)));
  }
  for (const [from, to] of copies) {
    await mkdir(dirname(join(folder, to)), { recursive: true });
    await copyFile(from, join(folder, to));
  }
  const home = '/payload/python';
  const loader = [...copies].find(([from]) => basename(from).startsWith('ld-linux'));
  await writeFile(
    join(folder, 'start'),
    `#!/bin/busybox sh
export PYTHONHOME=${home} PYTHONDONTWRITEBYTECODE=1
exec ${home}/${loader[1]} --library-path ${home}/libraries ${home}/bin/python -S "$@"
`
  );
  await chmod(join(folder, 'start'), 0o755);
}
