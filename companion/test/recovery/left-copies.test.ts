import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import { LeftCopies } from '../../src/recovery/left-copies.js';
import { NO_SMALL_DISK, smallDisk } from './small-disk.js';

const SHOWN = 'a (recovered 2026-11-26 10.41).ipynb';

describe('LeftCopies', () => {
  let root: string;
  let log: string[];
  let inJournal: string[];
  let timers: (() => void)[];
  let waitedMs: number;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'labkeeper-left-'));
    log = [];
    inJournal = [];
    timers = [];
    waitedMs = 0;
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (name: string, text: string) => writeFileSync(join(root, name), text);
  const read = (name: string) => readFileSync(join(root, name), 'utf8');
  /** The next companion, so many seconds after the files were written. */
  const companion = (laterS = 120) =>
    new LeftCopies({
      rootDir: root,
      clock: {
        ...systemClock,
        wallMs: () => Date.now() + laterS * 1000 + waitedMs,
        after: (delayMs, callback) => {
          timers.push(() => {
            waitedMs += delayMs + 1;
            callback();
          });
          return { dispose: () => undefined };
        }
      },
      log: line => void log.push(line),
      localTime: () => '2026-11-26 10.41',
      isInJournal: path => inJournal.includes(path),
      after: Promise.resolve(),
      changed: () => undefined
    });
  const started = async (laterS?: number) => {
    const left = companion(laterS);
    left.start();
    await left.settled();
    return left;
  };

  it('finds the copy of a save that did not end, and shows it beside the cut original', async () => {
    write('a.ipynb', '{"cel');
    write('.~a.ipynb', '{"cells": []}');
    const { all } = await started();
    expect(all).toMatchObject([{ path: 'a.ipynb', kind: 'notebook', copyPath: SHOWN, origin: 'left-copy' }]);
    expect(read(SHOWN)).toBe('{"cells": []}');
    expect(read('a.ipynb')).toBe('{"cel');
    expect(existsSync(join(root, '.~a.ipynb'))).toBe(true);
  });

  it('shows a file of its own: what the next save of the server writes to its copy is not in it', async () => {
    write('a.ipynb', '{"cel');
    write('.~a.ipynb', '{"cells": []}');
    await started();
    // jupyter_server writes its copy in place, and puts it back by a rename where a save fails.
    write('.~a.ipynb', 'the next save');
    expect(read(SHOWN)).toBe('{"cells": []}');
    expect(statSync(join(root, SHOWN)).nlink).toBe(1);
  });

  it('ends a move that did not end before', async () => {
    write('.~a.ipynb', 'old');
    linkSync(join(root, '.~a.ipynb'), join(root, SHOWN));
    expect((await started()).all).toMatchObject([{ copyPath: SHOWN }]);
    expect(statSync(join(root, SHOWN)).nlink).toBe(1);
    expect(readdirSync(root)).toEqual([SHOWN]);
  });

  (NO_SMALL_DISK === null ? it : it.skip)('moves it where the disk has no room for a copy', async () => {
    const disk = smallDisk(join(root, 'disk'), 64 * 1024);
    try {
      write('disk/.~a.ipynb', 'x'.repeat(40 * 1024));
      const left = companion();
      left.look(['disk/a.ipynb']);
      await left.settled();
      expect(left.all).toMatchObject([{ path: 'disk/a.ipynb', copyPath: `disk/${SHOWN}` }]);
      expect(readdirSync(disk.path)).toEqual([SHOWN]);
      await left.decide(left.all[0]?.id ?? '', 'restore');
      expect(readdirSync(disk.path)).toEqual(['a.ipynb']);
      expect(log).toEqual([]);
    } finally {
      disk.remove();
    }
  });

  it('offers the same copy after another start, and no second one', async () => {
    write('.~a.ipynb', 'old');
    await started();
    const { all } = await started();
    expect(all).toHaveLength(1);
    expect(readdirSync(root).sort()).toEqual(['.~a.ipynb', SHOWN]);
  });

  it('leaves alone what a save may be at work with, what is the same as the file, what is empty, and folders', async () => {
    write('a.ipynb', 'new');
    write('.~a.ipynb', 'old');
    expect((await started(0)).all).toEqual([]);
    write('.~a.ipynb', 'new');
    write('.~b.md', '');
    mkdirSync(join(root, '.~c.md'));
    write('.~lock.report.odt#', ',user,host,26.11.2026 10:41,file:///home/user/.config/libreoffice/4;');
    expect((await started()).all).toEqual([]);
    expect(log).toEqual([]);
  });

  it('looks again a minute later for what a save may have been at work with', async () => {
    write('.~a.ipynb', 'old');
    const left = await started(0);
    expect(left.all).toEqual([]);
    timers.shift()?.();
    await left.settled();
    expect(left.all).toHaveLength(1);
    expect(timers).toEqual([]);
  });

  it('leaves to the journal what that has more of', async () => {
    write('.~a.ipynb', 'old');
    inJournal.push('a.ipynb');
    expect((await started()).all).toEqual([]);
  });

  it('looks in the folders of documents that are opened, and finds the checkpoint of an empty notebook', async () => {
    mkdirSync(join(root, 'f/.ipynb_checkpoints'), { recursive: true });
    write('f/a.ipynb', '');
    write('f/.ipynb_checkpoints/a-checkpoint.ipynb', 'checkpoint');
    write('f/.~b.md', 'old');
    const left = await started();
    expect(left.all).toEqual([]);
    left.look(['f/a.ipynb']);
    left.look(['f/a.ipynb', '../outside.ipynb', 'none/a.md']);
    await left.settled();
    expect(left.all.map(({ path, origin }) => [path, origin])).toEqual([
      ['f/b.md', 'left-copy'],
      ['f/a.ipynb', 'checkpoint']
    ]);
    expect(read(`f/${SHOWN}`)).toBe('checkpoint');
  });

  it('restores, and keeps the original', async () => {
    write('a.ipynb', '{"cel');
    write('.~a.ipynb', 'old');
    const left = await started();
    await left.decide(left.all[0]?.id ?? '', 'restore');
    expect(read('a.ipynb')).toBe('old');
    expect(read('a (before recovery 2026-11-26 10.41).ipynb')).toBe('{"cel');
    expect(readdirSync(root)).toHaveLength(2);
    expect(left.all).toEqual([]);
    expect(log).toEqual([]);
  });

  it('asks again where the original was written meanwhile', async () => {
    write('a.ipynb', '');
    write('.~a.ipynb', 'old');
    const left = await started();
    write('a.ipynb', 'new work');
    const id = left.all[0]?.id ?? '';
    await left.decide(id, 'restore');
    expect(read('a.ipynb')).toBe('new work');
    expect(left.all).toMatchObject([{ problem: 'file-changed' }]);
    await left.decide(id, 'restore');
    expect(read('a.ipynb')).toBe('old');
    expect(read('a (before recovery 2026-11-26 10.41).ipynb')).toBe('new work');
  });

  it('keeps both, or discards', async () => {
    write('.~a.ipynb', 'old');
    let left = await started();
    await left.decide(left.all[0]?.id ?? '', 'keep-both');
    expect(readdirSync(root)).toEqual([SHOWN]);
    write('.~b.md', 'old');
    left = await started();
    await left.decide(left.all[0]?.id ?? '', 'discard');
    expect(readdirSync(root)).toEqual([SHOWN]);
    expect(left.all).toEqual([]);
  });
});
