import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import { NO_SMALL_DISK, smallDisk, type ISmallDisk } from '../recovery/small-disk.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { BreakableDisk, NO_BREAKABLE_DISK } from './broken-disk.js';
import { earlierOf, openStore, Run, runId, textsOf } from './scene.js';

jest.setTimeout(60_000);

const MIB = 1024 * 1024;

const where = (reason: string | null): string => (reason === null ? '' : ` (skipped: ${reason})`);

(NO_SMALL_DISK === null ? describe : describe.skip)(`a home of 8 MB${where(NO_SMALL_DISK)}`, () => {
  let place: ReturnType<typeof scratch>;
  let home: ISmallDisk;
  beforeEach(() => {
    place = scratch();
    home = smallDisk(join(place.path, 'home'), 8 * MIB);
  });
  afterEach(() => {
    home.remove();
    place.remove();
  });

  it('is not filled by the journal: it says that the disk is full, keeps what it has, and takes more when there is room', async () => {
    const disk = new HomeDisk(home.path, '', 'boot');
    const { store, page } = openStore(disk, 'boot');
    store.start();
    await store.flush();
    const other = new Run(store, page, runId(1)).send('x'.repeat(MIB));
    const run = new Run(store, page, runId(2)).send();
    while (page.lostRuns.length === 0) {
      run.send('x'.repeat(200_000));
      await store.flush();
    }
    expect(page.trouble).toBe('disk-full');
    // She can still save what she has open.
    expect(await disk.freeBytes()).toBeGreaterThan(3 * MIB);
    const found = (await earlierOf(home.path)).all.map(({ run, lastSeq }) => ({ run, lastSeq }));
    expect(found).toEqual([
      { run: other.id, lastSeq: 1 },
      { run: run.id, lastSeq: page.seq(run.id) }
    ]);
    expect(page.seq(run.id)).toBe(run.seq - 1);
    store.saved(other.id, 1, null);
    await until(() => page.trouble === null);
    const again = new Run(store, page, runId(3), run.path, run.id).send('x'.repeat(100_000));
    await store.flush();
    expect(page.seq(again.id)).toBe(1);
    store.dispose();
  });

  it('that others fill to the last byte loses nothing that was acknowledged, and goes on by itself', async () => {
    const { store, page } = openStore(new HomeDisk(home.path, '', 'boot'), 'boot');
    store.start();
    const run = new Run(store, page, runId(1)).send();
    await store.flush();
    const filler = join(home.path, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(8 * MIB))).toThrow('ENOSPC');
    // What a page of memory still holds is taken; then it is full.
    while (page.trouble === null) {
      run.send('y'.repeat(5000));
      await store.flush();
    }
    expect(page.trouble).toBe('disk-full');
    const [found] = (await earlierOf(home.path)).all;
    expect(found?.lastSeq).toBeGreaterThanOrEqual(page.seq(run.id));
    expect(await textsOf(found)).toEqual(run.sent.slice(0, found?.lastSeq));
    writeFileSync(filler, '');
    await until(() => page.trouble === null && page.seq(run.id) === run.seq);
    expect(page.lostRuns).toEqual([]);
    store.dispose();
  });
});

(NO_BREAKABLE_DISK === null ? describe : describe.skip)(
  `a disk that fails under an open journal${where(NO_BREAKABLE_DISK)}`,
  () => {
    it('becomes read-only, which is told; what was acknowledged can be read, and the rest is written when it is repaired', async () => {
      const place = scratch();
      const home = join(place.path, 'home');
      const breakable = new BreakableDisk(join(place.path, 'image'), home);
      try {
        const { store, page, log } = openStore(new HomeDisk(home, '', 'boot'), 'boot');
        store.start();
        const run = new Run(store, page, runId(1)).send();
        await store.flush();
        expect(page.seq(run.id)).toBe(1);
        breakable.fail();
        expect(readFileSync('/proc/mounts', 'utf8')).toMatch(
          new RegExp(` ${home} ext4 (ro|\\S*emergency_ro)`)
        );
        run.send();
        expect(await store.flush()).toBe(false);
        expect(page.trouble).toBe('read-only');
        const [found] = (await earlierOf(home, { log: () => undefined })).all;
        expect(await textsOf(found)).toEqual(run.sent.slice(0, 1));
        breakable.repair();
        await until(() => page.seq(run.id) === 2);
        expect(page.trouble).toBeNull();
        expect(page.lostRuns).toEqual([]);
        expect(log).toHaveLength(2);
        store.dispose();
        const [later] = (await earlierOf(home)).all;
        expect(later).toMatchObject({ damagedAfterSeq: null });
        expect(await textsOf(later)).toEqual(run.sent);
      } finally {
        breakable.remove();
        place.remove();
      }
    });
  }
);
