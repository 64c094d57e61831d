import { normalizeName } from './project-name.js';

const SDIST = /\.(?:tar\.(?:gz|bz2|xz|Z)|tgz|zip)$/;
const WHEEL = /^([^-]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$/;
const EGG = /^([^-]+)-([^-]+?)(?:-py[^-]*)?(?:-[^-]+)?\.egg$/;
const NAME_BYTES = 255;

/** Whether a name can be a file's, on a disk and in a URL: nothing that leads elsewhere, nothing that cannot be seen. */
export function isFileName(name: string): boolean {
  return (
    name !== '' && !/[/\\\u0000-\u001f\u007f]/.test(name) && !/^\.+$/.test(name) && bytes(name) <= NAME_BYTES
  );
}

/** The version that a file's name tells; null = it tells none, or is another project's. */
export function versionOf(filename: string, project: string): string | null {
  const built = WHEEL.exec(filename) ?? EGG.exec(filename);
  if (built) {
    const [, name = '', version = ''] = built;
    return normalizeName(name) === project ? version.replaceAll('_', '-') : null;
  }
  return SDIST.test(filename) ? sourceVersion(filename.replace(SDIST, ''), project) : null;
}

/** Names of old source distributions have dashes in both parts: what normalises to the project is its name. */
function sourceVersion(stem: string, project: string): string | null {
  for (let dash = stem.indexOf('-'); dash > 0; dash = stem.indexOf('-', dash + 1)) {
    const version = stem.slice(dash + 1);
    if (normalizeName(stem.slice(0, dash)) === project && /^v?\d/i.test(version)) {
      return version;
    }
  }
  return null;
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}
