import type { IInstalled } from './installed-changes.js';
import type { IFoundInstalled } from './settling.js';

/** A distribution, as a look at the disk may find it. */
export function installed(name: string, version: string, more: Partial<IInstalled> = {}): IInstalled {
  return {
    ...{ ecosystem: 'pypi', name, version, requested: null, installer: 'pip', recordDigest: 'd', files: 1 },
    ...{
      origin: 'index',
      folder: `${name}-${version}.dist-info`,
      signature: 's',
      changedAtMs: 0,
      directUrl: null
    },
    ...more
  };
}

/** The same, as it was just found. */
export function found(name: string, version: string, more: Partial<IFoundInstalled> = {}): IFoundInstalled {
  return { ...installed(name, version, more), isComplete: more.isComplete ?? true };
}
