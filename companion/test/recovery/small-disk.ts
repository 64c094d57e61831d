import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { until } from '../until.js';
import { scratch } from '../wire.js';

/** A file system of its own, in memory. */
export interface ISmallDisk {
  readonly path: string;
  /** Waits until nobody has a file open there for writing. */
  readOnly(): Promise<void>;
  remove(): void;
}

/** Why there can be none here; null = there can. */
export const NO_SMALL_DISK: string | null = whyNot();

/** Mounts a file system of so many bytes at a path. */
export function smallDisk(path: string, sizeBytes: number): ISmallDisk {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'none', path], { stdio: 'pipe' });
  return {
    path,
    readOnly: () => until(() => spawnSync('mount', ['-o', 'remount,ro', path]).status === 0),
    remove: () => void execFileSync('umount', ['-l', path])
  };
}

function whyNot(): string | null {
  const place = scratch();
  try {
    smallDisk(place.path, 1024 * 1024).remove();
    return null;
  } catch (error) {
    return `mounting needs root (${String(error).split('\n', 1)[0]})`;
  } finally {
    place.remove();
  }
}
