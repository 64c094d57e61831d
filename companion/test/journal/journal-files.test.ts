import { linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import type { JournalStore } from '../../src/journal/journal-store.js';
import { TOUCH_MS } from '../../src/journal/life-signs.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { earlierOf, openStore, Page, Run, runId, textsOf } from './scene.js';

/** Segments are this long then, in bytes: the shortest there are. */
const SEGMENT_BYTES = 16 * 1024;
const SMALL = { maxBytes: 16 * SEGMENT_BYTES };

/** Lets much come and go beside a run, until segments are worth being moved out of, and waits for that. */
async function cleanedUp(store: JournalStore, page: Page, run: Run): Promise<void> {
  for (let i = 0; i < 8; i += 1) {
    run.send('x'.repeat(300));
    const passing = new Run(store, page, runId(100 + i)).send().send('y'.repeat(SEGMENT_BYTES));
    await store.flush();
    store.closed(passing.id);
    await store.flush();
  }
  (await store.hold()).dispose();
}

/** A run that lives, the end of which is the end of the first segment. */
async function overTwoSegments(store: JournalStore, page: Page): Promise<Run> {
  store.start();
  const passing = new Run(store, page, runId(50)).send().send('z'.repeat(SEGMENT_BYTES - 1000));
  await store.flush();
  const run = new Run(store, page, runId(1)).send().send();
  await store.flush();
  store.closed(passing.id);
  await store.flush();
  return run;
}

describe('files of the journal that somebody else touches', () => {
  let home: ReturnType<typeof scratch>;
  let disk: HomeDisk;
  let clock: FakeClock;
  let open: JournalStore | null = null;
  beforeEach(() => {
    home = scratch();
    disk = new HomeDisk(home.path, '', 'boot');
    clock = new FakeClock();
  });
  afterEach(() => {
    open?.dispose();
    home.remove();
  });

  /** A journal of small segments. */
  const start = (): ReturnType<typeof openStore> => {
    const opened = openStore(disk, 'boot', { clock, ...SMALL });
    open = opened.store;
    return opened;
  };
  const segments = async (): Promise<string[]> =>
    (await disk.names()).filter(name => name.endsWith('.journal')).sort();

  it('cost only what was in them, where the newest one is removed: runs whose pages are gone stay', async () => {
    const { store, page } = start();
    store.start();
    const gone = new Page();
    store.attach(gone);
    const left = new Run(store, gone, runId(1)).send().send();
    await store.flush();
    store.detach(gone);
    const run = new Run(store, page, runId(2)).send();
    for (let i = 0; i < 3; i += 1) {
      run.send('x'.repeat(SEGMENT_BYTES));
      await store.flush();
    }
    const names = await segments();
    expect(names.length).toBeGreaterThan(2);
    await disk.remove(names.at(-1) ?? '');
    clock.advance(TOUCH_MS);
    await until(() => page.lostRuns.length > 0);
    const again = new Run(store, page, runId(3), run.path, run.id).send();
    await store.flush();
    await store.flush();
    await store.hold();
    const { all } = await earlierOf(home.path);
    expect(all.map(found => found.run)).toEqual([left.id, again.id]);
    expect(await textsOf(all[0])).toEqual(left.sent);
    expect(all[0]?.damagedAfterSeq).toBeNull();
  });

  it('may have other names, as after a backup of the home by hard links', async () => {
    const { store, page } = start();
    const run = await overTwoSegments(store, page);
    linkSync(join(disk.folder, 'boot.0.journal'), join(home.path, 'backup'));
    await cleanedUp(store, page, run);
    expect(await segments()).not.toContain('boot.0.journal');
    expect(page.lostRuns).toEqual([]);
    for (const name of await segments()) {
      linkSync(join(disk.folder, name), join(home.path, name));
    }
    const { all } = await earlierOf(home.path);
    expect(await textsOf(all.find(found => found.run === run.id))).toEqual(run.sent);
  });

  it('end nothing where another one lies in the place of a segment', async () => {
    const { store, page } = start();
    const run = await overTwoSegments(store, page);
    await disk.remove('boot.0.journal');
    symlinkSync('/dev/null', join(disk.folder, 'boot.0.journal'));
    await cleanedUp(store, page, run);
    expect(await segments()).toContain('boot.0.journal');
    const after = new Run(store, page, runId(9)).send();
    await store.flush();
    expect(page.seq(after.id)).toBe(1);
  });

  it('are known to be damaged when their end is: pages tell again what was moved without it', async () => {
    const { store, page } = start();
    const run = await overTwoSegments(store, page);
    const path = join(disk.folder, 'boot.0.journal');
    const bytes = readFileSync(path);
    bytes.fill(0xff, bytes.length - 40);
    writeFileSync(path, bytes);
    await cleanedUp(store, page, run);
    expect(await segments()).not.toContain('boot.0.journal');
    expect(page.lostRuns[0]?.run).toBe(run.id);
  });

  it('are not missing because they begin while it is looked whether all are there', async () => {
    const { store, page, log } = start();
    store.start();
    const run = new Run(store, page, runId(1)).send();
    run.send('x'.repeat(2 * SEGMENT_BYTES));
    await store.flush();
    const names = disk.names.bind(disk);
    let looks = 0;
    disk.names = async () => {
      const found = await names();
      looks += 1;
      if (looks === 1) {
        run.send();
        await store.flush();
      }
      return found;
    };
    clock.advance(TOUCH_MS);
    await until(() => looks > 0 && page.seq(run.id) === 3);
    disk.names = names;
    run.send();
    await store.flush();
    expect(await segments()).toHaveLength(2);
    expect(page.lostRuns).toEqual([]);
    expect(page.seq(run.id)).toBe(4);
    expect(log).toEqual([]);
  });
});
