import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recoverDocument } from '../../src/recovery/recover-document.js';
import { runId } from '../journal/scene.js';
import { scratch } from '../wire.js';
import { boot, NextBoot } from './flow.js';
import { base, code, notebookText, printed, runOf, sourcesOf, typed } from './notebooks.js';
import { NO_SMALL_DISK, smallDisk, type ISmallDisk } from './small-disk.js';

const MIB = 1024 * 1024;

/** About 3 MB. */
const LARGE = notebookText(
  Array.from({ length: 30 }, (_, index) =>
    code(`cell ${index}`, { outputs: [printed(`${'x'.repeat(100_000)}\n`)] })
  )
);
const EDIT = [[base(LARGE, 30), typed(0, 'cell 0', 6, '!')]];

(NO_SMALL_DISK === null ? describe : describe.skip)(
  `a disk that cannot take the copy${NO_SMALL_DISK === null ? '' : ` (${NO_SMALL_DISK})`}`,
  () => {
    let home: ReturnType<typeof scratch>;
    let disk: ISmallDisk;
    beforeEach(() => {
      home = scratch();
      disk = smallDisk(join(home.path, 'work'), 8 * MIB);
      writeFileSync(join(disk.path, 'a.ipynb'), LARGE);
    });
    afterEach(() => {
      disk.remove();
      home.remove();
    });

    it('because it is full says so, leaves nothing behind, and takes it when there is room', async () => {
      // 2.5 MiB are left: the copy ends in the middle.
      writeFileSync(join(disk.path, 'filler'), Buffer.alloc(5.5 * MIB - LARGE.length));
      await boot(home.path, 'first', [{ run: runId(1), path: 'a.ipynb', batches: EDIT }]);
      const then = await new NextBoot(home.path, disk.path).started();
      expect(then.only).toMatchObject({ problem: 'disk-full', copyPath: null, changedCells: 0 });
      expect(readdirSync(disk.path).sort()).toEqual(['a.ipynb', 'filler']);
      expect(readFileSync(join(disk.path, 'a.ipynb'), 'utf8')).toBe(LARGE);
      expect(then.journal).toEqual(['first.0.journal']);
      expect(execFileSync('df', ['--output=avail', '-B1', disk.path], { encoding: 'utf8' })).toMatch(
        /2\d{6}\s*$/
      );
      rmSync(join(disk.path, 'filler'));
      const again = await new NextBoot(home.path, disk.path).started();
      expect(again.only.problem).toBeNull();
      expect(sourcesOf(readFileSync(join(disk.path, again.only.copyPath ?? '')))[0]).toBe('cell 0!');
    });

    it('because it would be full afterwards leaves room for others', async () => {
      // The copy would just fit.
      writeFileSync(join(disk.path, 'filler'), Buffer.alloc(8 * MIB - 2 * LARGE.length - 200_000));
      expect(await recoverDocument(runOf('a.ipynb', EDIT), disk.path)).toMatchObject({
        problem: 'disk-full'
      });
      expect(readdirSync(disk.path).sort()).toEqual(['a.ipynb', 'filler']);
    });

    it('because it is read-only says so', async () => {
      await disk.readOnly();
      await boot(home.path, 'first', [{ run: runId(1), path: 'a.ipynb', batches: EDIT }]);
      const then = await new NextBoot(home.path, disk.path).started();
      expect(then.only).toMatchObject({ problem: 'not-writable', copyPath: null });
      expect(then.journal).toEqual(['first.0.journal']);
    });

    it('with the journal on it: nothing is lost, and no copy lies about that nobody knows', async () => {
      await boot(disk.path, 'first', [{ run: runId(1), path: 'a.ipynb', batches: EDIT }]);
      await disk.readOnly();
      const then = await new NextBoot(disk.path, disk.path).started();
      expect(then.only).toMatchObject({ problem: 'not-writable' });
      expect(readdirSync(disk.path).sort()).toEqual(['.local', 'a.ipynb']);
    });

    it('is no way for the copy to take the place of the original on another one', async () => {
      const work = join(home.path, 'other');
      mkdirSync(work);
      execFileSync('ln', ['-s', join(disk.path, 'a.ipynb'), join(work, 'a.ipynb')]);
      await boot(home.path, 'first', [{ run: runId(1), path: 'a.ipynb', batches: EDIT }]);
      const then = await new NextBoot(home.path, work).started();
      const { id, copyPath } = then.only;
      writeFileSync(join(disk.path, 'filler'), Buffer.alloc(7.5 * MIB - LARGE.length));
      await then.recoveries.decide(id, 'restore');
      expect(then.only).toMatchObject({ problem: 'disk-full', copyPath });
      expect(readFileSync(join(disk.path, 'a.ipynb'), 'utf8')).toBe(LARGE);
      expect(readdirSync(disk.path).sort()).toEqual(['a.ipynb', 'filler']);
      expect(readdirSync(work).sort()).toEqual([copyPath, 'a.ipynb'].sort());
      rmSync(join(disk.path, 'filler'));
      await then.recoveries.decide(id, 'restore');
      expect(then.all).toEqual([]);
      expect(sourcesOf(readFileSync(join(disk.path, 'a.ipynb')))[0]).toBe('cell 0!');
      expect(statSync(join(work, 'a (before recovery 2026-11-26 10.41).ipynb')).size).toBe(LARGE.length);
      expect(readdirSync(work)).toHaveLength(2);
    });
  }
);

const NOT_NOBODY = process.geteuid?.() === 0 ? null : 'only a superuser can become somebody else';

(NOT_NOBODY === null ? describe : describe.skip)(
  `somebody with few rights${NOT_NOBODY === null ? '' : ` (${NOT_NOBODY})`}`,
  () => {
    const NOBODY = 65534;

    it('is told that a folder takes no copy, and that a file cannot be read', async () => {
      const home = scratch();
      const file = notebookText([code('one')]);
      const edit = [[base(file, 1), typed(0, 'one', 3, '!')]];
      writeFileSync(join(home.path, 'a.ipynb'), file);
      writeFileSync(join(home.path, 'secret.ipynb'), file, { mode: 0o600 });
      execFileSync('chmod', ['755', home.path]);
      process.seteuid?.(NOBODY);
      try {
        expect(await recoverDocument(runOf('a.ipynb', edit), home.path)).toMatchObject({
          problem: 'not-writable'
        });
        expect(await recoverDocument(runOf('secret.ipynb', edit), home.path)).toMatchObject({
          problem: 'unreadable'
        });
      } finally {
        process.seteuid?.(0);
      }
      expect(readdirSync(home.path).sort()).toEqual(['a.ipynb', 'secret.ipynb']);
      home.remove();
    });

    it('gets a copy that is hers and nobody else may read, of a file that is not', async () => {
      const home = scratch();
      const file = notebookText([code('one')]);
      writeFileSync(join(home.path, 'a.ipynb'), file);
      execFileSync('chmod', ['664', join(home.path, 'a.ipynb')]);
      execFileSync('chmod', ['777', home.path]);
      process.seteuid?.(NOBODY);
      try {
        const edit = [[base(file, 1), typed(0, 'one', 3, '!')]];
        const prepared = await recoverDocument(runOf('a.ipynb', edit), home.path);
        const made = statSync(prepared.kind === 'copy' ? prepared.temporary : '');
        expect([made.uid, made.mode & 0o777]).toEqual([NOBODY, 0o600]);
      } finally {
        process.seteuid?.(0);
      }
      home.remove();
    });
  }
);
