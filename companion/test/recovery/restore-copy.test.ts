import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IKnownCopy } from '../../src/recovery/recovery-state.js';
import { CopyRestorer } from '../../src/recovery/restore-copy.js';
import { scratch } from '../wire.js';
import { sha256 } from './notebooks.js';
import { NO_SMALL_DISK, smallDisk, type ISmallDisk } from './small-disk.js';

const COPY = 'a (recovered).ipynb';
const KEPT = 'a (before recovery 2026-11-26 10.41).ipynb';
const SECOND = 'a (before recovery 2026-11-26 10.41 2).ipynb';

describe('a recovered copy that takes the place of its original', () => {
  let home: ReturnType<typeof scratch>;
  let known: IKnownCopy;
  /** Done when the next step is written down. */
  let atNote: () => void;
  beforeEach(() => {
    home = scratch();
    atNote = () => undefined;
    known = {
      ...{ boot: 'boot', run: 'run', copyPath: COPY, hash: sha256('recovered'), sizeBytes: 9, isMade: true },
      ...{ changedCells: 1, basis: 'file', originalHash: sha256('original'), problem: null },
      ...{ decision: null, restoring: null }
    };
    write(COPY, 'recovered');
  });
  afterEach(() => home.remove());

  const write = (name: string, text: string): void => writeFileSync(join(home.path, name), text);
  const read = (name: string): string => readFileSync(join(home.path, name), 'utf8');
  const restore = () =>
    new CopyRestorer({
      state: {
        put: next => {
          known = next;
          atNote();
          return Promise.resolve();
        }
      },
      rootDir: home.path,
      localTime: () => '2026-11-26 10.41'
    }).restore('a.ipynb', known);

  it('keeps the original under the next name where somebody takes the first in the last moment', async () => {
    write('a.ipynb', 'original');
    let notes = 0;
    atNote = () => {
      notes += 1;
      if (notes === 1) {
        write(KEPT, "somebody's");
      }
    };
    expect(await restore()).toBe('done');
    expect(read('a.ipynb')).toBe('recovered');
    expect(read(KEPT)).toBe("somebody's");
    expect(read(SECOND)).toBe('original');
    expect(known.restoring?.keptPath).toBe(SECOND);
    expect(readdirSync(home.path)).toHaveLength(3);
  });

  (NO_SMALL_DISK === null ? describe : describe.skip)('on another file system, behind a link', () => {
    let disk: ISmallDisk;
    beforeEach(() => {
      disk = smallDisk(join(home.path, 'disk'), 1024 * 1024);
      write('disk/a.ipynb', 'original');
      symlinkSync(join(disk.path, 'a.ipynb'), join(home.path, 'a.ipynb'));
    });
    afterEach(() => disk.remove());

    it('is copied there', async () => {
      expect(await restore()).toBe('done');
      expect(read('disk/a.ipynb')).toBe('recovered');
      expect(read(KEPT)).toBe('original');
      expect(readdirSync(home.path).sort()).toEqual([KEPT, 'a.ipynb', 'disk']);
    });

    it('leaves the original under the kept name when it cannot go itself, and ends that later', async () => {
      const copy = join(home.path, COPY);
      // What is mounted cannot be removed.
      execFileSync('mount', ['--bind', copy, copy]);
      try {
        await expect(restore()).rejects.toMatchObject({ name: 'RecoveryError' });
        expect(read(KEPT)).toBe('original');
        expect(read('disk/a.ipynb')).toBe('recovered');
      } finally {
        execFileSync('umount', [copy]);
      }
      expect(await restore()).toBe('done');
      expect(readdirSync(home.path).sort()).toEqual([KEPT, 'a.ipynb', 'disk']);
    });
  });
});
