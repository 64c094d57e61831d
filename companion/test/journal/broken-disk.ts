import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { scratch } from '../wire.js';

const SIZE_BYTES = 16 * 1024 * 1024;

const run = (...command: string[]): string => {
  const [program = '', ...args] = command;
  return execFileSync(program, args, { stdio: 'pipe', encoding: 'utf8' });
};

/** A disk of its own with ext4, mounted at a path, that can break while files on it are open. */
export class BreakableDisk {
  constructor(
    private readonly image: string,
    private readonly path: string
  ) {
    mkdirSync(path, { recursive: true });
    writeFileSync(image, '');
    truncateSync(image, SIZE_BYTES);
    run('mkfs.ext4', '-q', '-F', image);
    this.mount();
  }

  /**
   * The kernel finds an error, and lets nobody write any more, through files that are open neither: what it does when a
   * disk fails (ext4(5), `errors=remount-ro`).
   */
  fail(): void {
    const device = basename(run('findmnt', '-n', '-o', 'SOURCE', this.path).trim());
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, '1');
  }

  /** An administrator repairs it; no file on it may be open. */
  repair(): void {
    run('umount', this.path);
    const { status, stdout } = spawnSync('e2fsck', ['-f', '-y', this.image], { encoding: 'utf8' });
    // e2fsck(8): 1 = errors were corrected.
    if (status !== 0 && status !== 1) {
      throw new Error(`e2fsck ended with ${status}: ${stdout}`);
    }
    this.mount();
  }

  /** Files may still be open. */
  remove(): void {
    run('umount', '-l', this.path);
  }

  private mount(): void {
    run('mount', '-o', 'loop,errors=remount-ro', this.image, this.path);
  }
}

/** Why there can be none here; null = there can. */
export const NO_BREAKABLE_DISK: string | null = whyNot();

function whyNot(): string | null {
  const place = scratch();
  try {
    const disk = new BreakableDisk(join(place.path, 'image'), join(place.path, 'disk'));
    try {
      disk.fail();
      return null;
    } finally {
      disk.remove();
    }
  } catch (error) {
    return `mounting an image needs root, a loop device and ext4 (${String(error).split('\n', 1)[0]})`;
  } finally {
    place.remove();
  }
}
