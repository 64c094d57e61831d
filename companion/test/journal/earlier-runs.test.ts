import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { EarlierRuns } from '../../src/journal/earlier-runs.js';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import { IDLE_TOUCH_MS, TOUCH_MS } from '../../src/journal/life-signs.js';
import { encodeRecord } from '../../src/journal/log-record.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { MemoryDisk } from './memory-disk.js';
import { earlierOf, openStore, Run, runId, textsOf } from './scene.js';

describe('what earlier companions left', () => {
  let home: ReturnType<typeof scratch>;
  beforeEach(() => (home = scratch()));
  afterEach(() => home.remove());

  /** A companion that writes some runs and is killed. @returns its folder. */
  async function left(boot: string, numbers: readonly number[], serverName = ''): Promise<string> {
    const disk = new HomeDisk(home.path, serverName, boot);
    const { store, page } = openStore(disk, boot);
    numbers.forEach(number => new Run(store, page, runId(number)).send().send());
    await store.flush();
    store.dispose();
    return disk.folder;
  }

  const ids = (earlier: EarlierRuns): string[] => earlier.all.map(({ run }) => run).sort();
  const segments = (folder: string): string[] =>
    readdirSync(folder).filter(name => name.endsWith('.journal'));

  it('is there until each run is forgotten, also for the next companion, and then leaves nothing', async () => {
    const folder = await left('one', [1, 2]);
    await left('two', [3]);
    const first = await earlierOf(home.path);
    expect(ids(first)).toEqual([runId(1), runId(2), runId(3)]);
    const [run] = first.all.filter(found => found.run === runId(1));
    if (run) {
      await first.forget(run);
    }
    expect(ids(first)).toEqual([runId(2), runId(3)]);
    expect(segments(folder)).toHaveLength(2);
    const second = await earlierOf(home.path);
    expect(ids(second)).toEqual([runId(2), runId(3)]);
    for (const found of second.all) {
      await second.forget(found);
    }
    expect(second.all).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is removed at once where nothing in it is unsaved', async () => {
    const disk = new HomeDisk(home.path, '', 'one');
    const { store, page } = openStore(disk, 'one');
    new Run(store, page, runId(1)).send();
    await store.flush();
    store.saved(runId(1), 1, null);
    await store.flush();
    store.dispose();
    expect(segments(disk.folder)).toHaveLength(1);
    expect((await earlierOf(home.path)).all).toEqual([]);
    expect(readdirSync(disk.folder)).toEqual([]);
  });

  it('is left alone while its server lives, and taken when it is our own server', async () => {
    const folder = await left('one', [1]);
    expect((await earlierOf(home.path, { lives: () => true })).all).toEqual([]);
    expect(segments(folder)).toHaveLength(1);
    const own = await earlierOf(home.path, { serverId: 'server', lives: () => true });
    expect(own.all).toMatchObject([{ run: runId(1), sameServer: true }]);
  });

  it('is left alone while it shows signs of life, where its server cannot be seen', async () => {
    const clock = new FakeClock();
    const disk = new HomeDisk(home.path, '', 'one');
    const { store, page } = openStore(disk, 'one', { clock });
    store.start();
    new Run(store, page, runId(1)).send();
    await store.flush();
    const later = new FakeClock();
    const earlier = await earlierOf(home.path, { lives: () => null, clock: later });
    expect(earlier.all).toEqual([]);
    const path = join(disk.folder, 'one.0.journal');
    const before = statSync(path).ctimeMs;
    clock.advance(TOUCH_MS);
    await until(() => statSync(path).ctimeMs > before);
    later.advance(2.5 * TOUCH_MS);
    await earlier.settled(runId(9));
    expect(earlier.all).toEqual([]);
    expect(segments(disk.folder)).toHaveLength(1);
    earlier.dispose();
    store.dispose();
  });

  it('shows signs of life now and then without unsaved work too, so that nobody removes it', async () => {
    const clock = new FakeClock();
    const disk = new HomeDisk(home.path, '', 'one');
    const { store } = openStore(disk, 'one', { clock });
    store.start();
    await store.flush();
    const path = join(disk.folder, 'one.0.journal');
    const before = statSync(path).ctimeMs;
    clock.advance(IDLE_TOUCH_MS);
    await until(() => statSync(path).ctimeMs > before);
    expect((await earlierOf(home.path, { lives: () => null })).all).toEqual([]);
    expect(segments(disk.folder)).toEqual(['one.0.journal']);
    store.dispose();
  });

  it('replaces across companions what a newer run replaces, and what that one was to replace', async () => {
    const folder = await left('one', [1]);
    const disk = new HomeDisk(home.path, '', 'two');
    const { store, page } = openStore(disk, 'two');
    // It was killed before the first batch of run 2 came.
    new Run(store, page, runId(2), 'a.ipynb', runId(1));
    await store.flush();
    store.dispose();
    expect(ids(await earlierOf(home.path))).toEqual([runId(1)]);
    const third = new HomeDisk(home.path, '', 'three');
    await left('one-b', [4]);
    const again = openStore(third, 'three');
    new Run(again.store, again.page, runId(3), 'a.ipynb', runId(2)).send();
    await again.store.flush();
    again.store.dispose();
    expect(ids(await earlierOf(home.path))).toEqual([runId(3), runId(4)].sort());
    expect(segments(folder).sort()).toEqual(['one-b.0.journal', 'three.0.journal']);
  });

  it('has only the newest of several runs of one id', async () => {
    await left('one', [1]);
    await new Promise(resolve => setTimeout(resolve, 5));
    const disk = new HomeDisk(home.path, '', 'two');
    const { store, page } = openStore(disk, 'two');
    const run = new Run(store, page, runId(1)).send('newer');
    await store.flush();
    store.dispose();
    const earlier = await earlierOf(home.path);
    expect(earlier.all).toMatchObject([{ boot: 'two' }]);
    expect(await textsOf(earlier.all[0])).toEqual(run.sent);
  });

  describe('when a companion was killed and its server and pages live', () => {
    it('is given up for the run with which the page goes on, as soon as that one is durable', async () => {
      const folder = await left('one', [1, 2]);
      const earlier = await earlierOf(home.path, { serverId: 'server', lives: () => true });
      expect(ids(earlier)).toEqual([runId(1), runId(2)]);
      const { store, page } = openStore(new HomeDisk(home.path, '', 'later'), 'later', { earlier });
      // The page sends on, is told that the run is lost, and begins anew.
      store.append(page, runId(1), 3, false, Buffer.from('x'));
      expect(page.lostRuns).toEqual([{ run: runId(1), seq: 3 }]);
      const run = new Run(store, page, runId(3), 'same.ipynb', runId(1));
      await store.flush();
      expect(ids(earlier)).toEqual([runId(1), runId(2)]);
      run.send();
      await store.flush();
      await until(() => earlier.all.length === 1);
      expect(ids(earlier)).toEqual([runId(2)]);
      // Saved or closed meanwhile: nobody wants it either.
      store.closed(runId(2));
      await until(() => earlier.all.length === 0);
      await until(() => segments(folder).length === 1);
      expect(segments(folder)).toEqual(['later.0.journal']);
      store.dispose();
    });

    it('stays for a page that was loaded anew: its run of the same path does not have what the old one had', async () => {
      await left('one', [1]);
      const earlier = await earlierOf(home.path, { serverId: 'server', lives: () => true });
      const { store, page } = openStore(new HomeDisk(home.path, '', 'later'), 'later', { earlier });
      new Run(store, page, runId(2), `${runId(1)}.ipynb`).send();
      await store.flush();
      await earlier.settled(runId(2));
      expect(ids(earlier)).toEqual([runId(1)]);
      store.dispose();
    });

    it('is given up also when that is known before it has been read', async () => {
      const folder = await left('one', [1]);
      const earlier = new EarlierRuns({
        disk: new HomeDisk(home.path, '', 'later'),
        boot: 'later',
        serverId: 'server',
        lives: () => true,
        clock: new FakeClock(),
        log: () => undefined,
        changed: () => undefined
      });
      await earlier.settled(runId(1));
      await earlier.read();
      expect(earlier.all).toEqual([]);
      expect(segments(folder)).toEqual([]);
      earlier.dispose();
    });
  });

  it('does not disturb a companion of the same name that writes at the same time, nor other servers', async () => {
    const one = openStore(new HomeDisk(home.path, '', 'one'), 'one', { serverId: 'a' });
    const two = openStore(new HomeDisk(home.path, '', 'two'), 'two', { serverId: 'b' });
    const other = await left('three', [7], 'named');
    const first = new Run(one.store, one.page, runId(1));
    const second = new Run(two.store, two.page, runId(2));
    for (let i = 0; i < 20; i += 1) {
      first.send();
      second.send();
      await Promise.all([one.store.flush(), two.store.flush()]);
    }
    // A third one starts, while both live.
    expect((await earlierOf(home.path, { lives: id => id === 'a' || id === 'b' })).all).toEqual([]);
    await one.store.flush();
    two.store.saved(second.id, 20, null);
    await two.store.close();
    one.store.dispose();
    const earlier = await earlierOf(home.path);
    expect(ids(earlier)).toEqual([first.id]);
    expect(await textsOf(earlier.all[0])).toEqual(first.sent);
    expect(segments(other)).toHaveLength(1);
    expect(ids(await earlierOf(home.path, { serverName: 'named' }))).toEqual([runId(7)]);
  });

  it('is read again where the home failed for a moment', async () => {
    await left('one', [1]);
    await left('two', [2]);
    const clock = new FakeClock();
    const disk = new HomeDisk(home.path, '', 'later');
    const read = disk.read.bind(disk);
    let failure: string | null = 'EIO';
    disk.read = (name, from, to) => {
      if (failure !== null && name.startsWith('one.')) {
        throw Object.assign(new Error('It was made to fail.'), { code: failure });
      }
      return read(name, from, to);
    };
    const lines: string[] = [];
    const earlier = new EarlierRuns({
      ...{ disk, boot: 'later', serverId: 'server', lives: () => false, clock },
      log: line => lines.push(line),
      changed: () => undefined
    });
    await earlier.read();
    expect(ids(earlier)).toEqual([runId(2)]);
    clock.advance(60_000);
    await earlier.settled(runId(9));
    expect(ids(earlier)).toEqual([runId(2)]);
    failure = null;
    clock.advance(60_000);
    await until(() => earlier.all.length === 2);
    expect(lines).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('leaves files alone that are not ours, and follows no links', async () => {
    const folder = await left('one', [1]);
    writeFileSync(join(home.path, 'secret'), 'not yours');
    symlinkSync(join(home.path, 'secret'), join(folder, 'evil.0.journal'));
    mkdirSync(join(folder, 'folder.0.journal'));
    const lines: string[] = [];
    const earlier = new EarlierRuns({
      disk: new HomeDisk(home.path, '', 'later'),
      boot: 'later',
      serverId: 'server',
      lives: () => false,
      clock: new FakeClock(),
      log: line => lines.push(line),
      changed: () => undefined
    });
    await earlier.read();
    expect(ids(earlier)).toEqual([runId(1)]);
    expect(lines).toHaveLength(2);
    expect(statSync(join(home.path, 'secret')).size).toBe(9);
  });

  it('is told also where nothing of a run can be read any more', async () => {
    const folder = await left('one', [1]);
    const path = join(folder, 'one.0.journal');
    writeFileSync(path, readFileSync(path, 'latin1').replace('"t":"base"', '"t":"bare"'), 'latin1');
    const [damaged] = (await earlierOf(home.path)).all;
    expect(damaged).toMatchObject({ run: runId(1), lastSeq: 0, damagedAfterSeq: 0 });
    expect(await textsOf(damaged)).toEqual([]);
  });

  it('is kept for 30 days where nobody can tell what it is: another version may come back', async () => {
    const disk = new MemoryDisk();
    const { store, page } = openStore(disk, 'one');
    new Run(store, page, runId(1)).send();
    await store.flush();
    store.dispose();
    const content = disk.files.get('one.0.journal');
    const start = { kind: 'start', boot: 'one', serverId: 'server', bootAtMs: 0, heads: 0 } as const;
    const first = encodeRecord(start, 0);
    first.set(encodeRecord({ ...start, boot: 'two' }, 0).subarray(0, 8));
    if (content) {
      content.bytes = Buffer.concat([first, first]);
    }
    const lines: string[] = [];
    const read = async (): Promise<void> => {
      const earlier = new EarlierRuns({
        disk,
        boot: 'later',
        serverId: 'other',
        lives: () => null,
        clock: new FakeClock(),
        log: line => lines.push(line),
        changed: () => undefined
      });
      await earlier.read();
      expect(earlier.all).toEqual([]);
      earlier.dispose();
    };
    disk.nowMs = 29 * 24 * 3_600_000;
    await read();
    expect(lines).toHaveLength(1);
    expect([...disk.files.keys()]).toEqual(['one.0.journal']);
    disk.nowMs = 31 * 24 * 3_600_000;
    await read();
    expect([...disk.files.keys()]).toEqual([]);
  });

  it('looks no more for a journal that vanished before it was known whose it is', async () => {
    const disk = new MemoryDisk();
    const { store } = openStore(disk, 'one', { clock: new FakeClock() });
    await store.flush();
    store.start();
    await until(() => disk.files.size > 0);
    store.dispose();
    const clock = new FakeClock();
    const earlier = new EarlierRuns({
      ...{ disk, clock },
      boot: 'later',
      serverId: 'other',
      lives: () => null,
      log: line => {
        throw new Error(line);
      },
      changed: () => undefined
    });
    await earlier.read();
    expect(clock.pending).toBe(1);
    disk.files.clear();
    clock.advance(3 * TOUCH_MS);
    await earlier.read();
    expect(clock.pending).toBe(0);
    earlier.dispose();
  });

  it('removes files that were about to replace others when their companion was killed, but no young ones', async () => {
    const folder = await left('one', [1]);
    for (const name of ['one.forgotten.later-0', 'gone.forgotten', 'young.clock']) {
      writeFileSync(join(folder, name), '[]');
    }
    // By the change time, which nobody can set: they are as young as can be.
    utimesSync(join(folder, 'gone.forgotten'), 0, 0);
    await earlierOf(home.path);
    expect(readdirSync(folder).filter(name => !name.endsWith('.journal'))).toHaveLength(3);
  });
});
