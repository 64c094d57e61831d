import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, with little room. */
export class SmallDisk {
  /** Why there can be none here; null = there can. */
  static whyNot(): string | null {
    try {
      new SmallDisk(1).remove();
      return null;
    } catch (error) {
      return `mounting needs root (${String(error).split('\n', 1)[0]})`;
    }
  }

  constructor(mebibytes: number) {
    this.path = mkdtempSync(join(tmpdir(), 'labkeeper-small-'));
    const options = `size=${mebibytes}m,mode=0700`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', this.path], { stdio: 'pipe' });
  }

  readonly path: string;

  remove(): void {
    // Also where a test that failed has a file open.
    execFileSync('umount', ['--lazy', this.path]);
    rmSync(this.path, { recursive: true });
  }
}
