import { HomeDisk } from '../../src/journal/journal-disk.js';
import { TOUCH_MS } from '../../src/journal/life-signs.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { earlierOf, openStore, Page, Run, runId, textsOf } from './scene.js';

/** Segments are this long then, in bytes: the shortest there are. */
const SEGMENT_BYTES = 16 * 1024;
const SMALL = { maxBytes: 16 * SEGMENT_BYTES };

describe('files of the journal that somebody else touches', () => {
  let home: ReturnType<typeof scratch>;
  let disk: HomeDisk;
  let clock: FakeClock;
  beforeEach(() => {
    home = scratch();
    disk = new HomeDisk(home.path, '', 'boot');
    clock = new FakeClock();
  });
  afterEach(() => home.remove());

  const segments = async (): Promise<string[]> =>
    (await disk.names()).filter(name => name.endsWith('.journal')).sort();

  it('cost only what was in them, where the newest one is removed: runs whose pages are gone stay', async () => {
    const { store, page } = openStore(disk, 'boot', { clock, ...SMALL });
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
    store.dispose();
  });

  it('are not missing because they begin while it is looked whether all are there', async () => {
    const { store, page, log } = openStore(disk, 'boot', { clock, ...SMALL });
    store.start();
    const run = new Run(store, page, runId(1)).send();
    run.send('x'.repeat(2 * SEGMENT_BYTES));
    await store.flush();
    const names = disk.names.bind(disk);
    let looks = 0;
    disk.names = async () => {
      const found = await names();
      run.send();
      await store.flush();
      looks += 1;
      return found;
    };
    clock.advance(TOUCH_MS);
    await until(() => looks > 0);
    disk.names = names;
    run.send();
    await store.flush();
    expect(await segments()).toHaveLength(2);
    expect(page.lostRuns).toEqual([]);
    expect(page.seq(run.id)).toBe(4);
    expect(log).toEqual([]);
    store.dispose();
  });
});
