import { access, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { AuditEnvironment } from '@labkeeper/protocol';
import type { ISites } from '../audit/audit-environment.js';
import { codeOf } from '../failure.js';
import { readText } from './read-file.js';

/** A folder of installed distributions, in an environment of Python. */
export interface ISite {
  /** Such as `<prefix>/lib/python3.11/site-packages`. */
  readonly path: string;
  readonly prefix: string;
  readonly kind: AuditEnvironment['kind'];
  /** Such as `3.11`; null = not known. */
  readonly python: string | null;
}

/** So many folders are looked at, at most. */
const MOST_SITES = 64;
/** Longest kernelspec that is read, in bytes. */
const SPEC_BYTES = 64 * 1024;

/**
 * The folders that matter: those of the server's own Python, of the user, and of every environment that a kernelspec
 * names. Found without running Python. A folder need not be there yet.
 */
export async function findSites(known: ISites): Promise<ISite[]> {
  const sites: ISite[] = [];
  const add = async (
    path: string,
    prefix: string,
    python: string | null,
    kind?: ISite['kind']
  ): Promise<void> => {
    // One folder may have two names: `lib64` is often a link to `lib`.
    const place = await realPath(path);
    if (sites.length < MOST_SITES && !sites.some(site => site.path === place)) {
      sites.push({
        path: place,
        prefix,
        kind: kind ?? (await kindOf(prefix)),
        python: versionIn(path) ?? python
      });
    }
  };
  for (const folder of known.folders) {
    // An environment that lets its interpreter's own packages in has folders of both.
    const isOwn = known.prefix !== null && folder.startsWith(`${known.prefix}/`);
    await add(folder, isOwn ? known.prefix : prefixOf(folder), known.python);
  }
  if (known.userFolder !== null) {
    await add(known.userFolder, prefixOf(known.userFolder), known.python, 'user');
  }
  for (const prefix of await kernelPrefixes(known.kernelFolders)) {
    for (const folder of await sitesBelow(prefix)) {
      await add(folder, prefix, null);
    }
  }
  return sites;
}

/** The prefixes of the interpreters that kernelspecs start. */
async function kernelPrefixes(kernelFolders: readonly string[]): Promise<Set<string>> {
  const prefixes = new Set<string>();
  for (const folder of kernelFolders) {
    for (const name of await namesIn(folder)) {
      const program = programOf(await readText(join(folder, name, 'kernel.json'), SPEC_BYTES));
      // The link in the environment counts, not the interpreter that it leads to.
      if (program !== null && isAbsolute(program) && /^python[\d.]*$/.test(basename(program))) {
        prefixes.add(dirname(dirname(program)));
      }
    }
  }
  return prefixes;
}

function programOf(text: string | null): string | null {
  let spec: unknown;
  try {
    spec = JSON.parse(text ?? 'null');
  } catch {
    // A kernelspec that Jupyter cannot read either.
    return null;
  }
  const argv = typeof spec === 'object' && spec !== null && 'argv' in spec ? spec.argv : null;
  const program: unknown = Array.isArray(argv) ? argv[0] : null;
  return typeof program === 'string' ? program : null;
}

async function sitesBelow(prefix: string): Promise<string[]> {
  const lib = join(prefix, 'lib');
  return (await namesIn(lib))
    .filter(name => /^python\d+\.\d+t?$/.test(name))
    .map(name => join(lib, name, 'site-packages'));
}

async function kindOf(prefix: string): Promise<ISite['kind']> {
  if (await exists(join(prefix, 'pyvenv.cfg'))) {
    return 'venv';
  }
  return (await exists(join(prefix, 'conda-meta'))) ? 'conda' : 'system';
}

/** `<prefix>/lib/python3.11/site-packages`: three up. */
function prefixOf(folder: string): string {
  return dirname(dirname(dirname(folder)));
}

function versionIn(path: string): string | null {
  return /\/python(\d+\.\d+)t?\/(?:site|dist)-packages$/.exec(path)?.[1] ?? null;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === null) {
      throw error;
    }
    // It is not there, or not ours to read: nothing is found in it.
    return [];
  }
}

async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) === null) {
      throw error;
    }
    // It is not there yet.
    return path;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (codeOf(error) === null) {
      throw error;
    }
    return false;
  }
}
