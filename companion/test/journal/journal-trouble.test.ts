import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SLOW_MS } from '../../src/journal/group-commit.js';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import type { IRunFold } from '../../src/journal/shrinker.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { MemoryDisk } from './memory-disk.js';
import { earlierOf, openStore, Run, runId, textsOf } from './scene.js';

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) {
    await new Promise(resolve => setImmediate(resolve));
  }
}

describe('a journal whose home fails', () => {
  let clock: FakeClock;
  let disk: MemoryDisk;
  beforeEach(() => {
    clock = new FakeClock();
    disk = new MemoryDisk({ clock });
  });

  it.each([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['EROFS', 'read-only'],
    ['EACCES', 'read-only'],
    ['EIO', 'failed']
  ] as const)(
    'says at %s that it is %s, and writes what waited as soon as it can again',
    async (code, trouble) => {
      const { store, page, log } = openStore(disk, 'boot', { clock });
      store.start();
      await settle();
      expect(store.state.trouble).toBeNull();
      disk.failure = { code };
      const run = new Run(store, page, runId(1)).send().send();
      await settle();
      expect(page.trouble).toBe(trouble);
      clock.advance(30_000);
      await settle();
      run.send();
      await settle();
      expect(page.seq(run.id)).toBe(0);
      expect(store.health.waitingBytes).toBeGreaterThan(0);
      disk.failure = null;
      clock.advance(10_000);
      await settle();
      expect(page.seq(run.id)).toBe(3);
      expect(page.states.map(state => state.trouble)).toEqual([trouble, null]);
      expect(log).toHaveLength(2);
      expect(page.lostRuns).toEqual([]);
      store.dispose();
    }
  );

  it('knows before the first record that it cannot be written', async () => {
    disk.failure = { code: 'EROFS' };
    const { store, page } = openStore(disk, 'boot', { clock });
    store.start();
    await settle();
    expect(page.trouble).toBe('read-only');
    disk.failure = null;
    clock.advance(2000);
    await settle();
    expect(page.trouble).toBeNull();
    store.dispose();
  });

  it('tries less and less often, but never less than every 10 s', async () => {
    disk.failure = { code: 'EIO' };
    const { store, log } = openStore(disk, 'boot', { clock });
    store.start();
    await settle();
    const triedAtMs: number[] = [];
    let { steps } = disk;
    for (let ms = 0; ms < 60_000; ms += 500) {
      clock.advance(500);
      await settle();
      if (disk.steps > steps) {
        triedAtMs.push(ms + 500);
        steps = disk.steps;
      }
    }
    expect(triedAtMs).toEqual([1000, 3000, 7000, 15_000, 25_000, 35_000, 45_000, 55_000]);
    expect(log).toHaveLength(1);
    store.dispose();
  });

  it('tells a page that its run is lost when more waits than memory may hold, and keeps what was acknowledged', async () => {
    const { store, page } = openStore(disk, 'boot', { clock, maxWaitingBytes: 100_000 });
    const full = new Run(store, page, runId(1)).send();
    const small = new Run(store, page, runId(2)).send();
    await settle();
    disk.failure = { code: 'ENOSPC' };
    full.send('x'.repeat(60_000));
    await settle();
    small.send();
    full.send('x'.repeat(60_000));
    expect(page.lostRuns).toEqual([{ run: full.id, seq: 3 }]);
    expect(store.health.waitingBytes).toBeLessThan(1000);
    disk.failure = null;
    clock.advance(1000);
    await settle();
    expect(page.seq(small.id)).toBe(2);
    const again = new Run(store, page, runId(3), full.path, full.id).send();
    await settle();
    expect(page.seq(again.id)).toBe(1);
    expect(page.seq(full.id)).toBe(1);
    store.dispose();
  });

  it('holds a page back that sends faster than the disk takes it, and lets it go on', async () => {
    const slow = new MemoryDisk({ clock, syncMs: 100 });
    const { store, page } = openStore(slow, 'boot', { clock, maxWaitingBytes: 1_000_000 });
    const run = new Run(store, page, runId(1)).send('x'.repeat(400_000)).send('x'.repeat(400_000));
    expect(page.isHeld).toBe(true);
    expect(page.lostRuns).toEqual([]);
    for (let i = 0; i < 5; i += 1) {
      clock.advance(100);
      await settle();
    }
    expect(page.isHeld).toBe(false);
    expect(page.seq(run.id)).toBe(2);
    store.dispose();
  });

  it('is slow when a write does not come back, hangs nothing, and goes on when it does', async () => {
    let release = (): void => undefined;
    const hung = new Promise<void>(resolve => (release = resolve));
    const { store, page } = openStore(disk, 'boot', { clock });
    store.start();
    await settle();
    disk.wait = () => hung;
    const run = new Run(store, page, runId(1)).send();
    await settle();
    clock.advance(SLOW_MS - 1);
    expect(page.trouble).toBeNull();
    clock.advance(1);
    expect(page.trouble).toBe('slow');
    run.send();
    const flushed = store.flush();
    const closed = store.close();
    await settle();
    expect(await Promise.race([flushed, closed, Promise.resolve('under way')])).toBe('under way');
    disk.wait = null;
    release();
    expect(await flushed).toBe(true);
    await closed;
    expect(page.seq(run.id)).toBe(2);
    expect(page.trouble).toBeNull();
  });

  it('refuses more when unsaved work alone is too much, drops nothing of it, and takes more when there is room', async () => {
    const { store, page } = openStore(disk, 'boot', { clock, maxBytes: 400_000 });
    const kept = new Run(store, page, runId(1)).send('x'.repeat(150_000));
    const run = new Run(store, page, runId(2)).send();
    await settle();
    run.send('x'.repeat(140_000));
    await settle();
    run.send('x'.repeat(140_000));
    expect(page.trouble).toBe('journal-full');
    expect(page.lostRuns).toEqual([{ run: run.id, seq: 3 }]);
    await settle();
    expect([page.seq(kept.id), page.seq(run.id)]).toEqual([1, 2]);
    expect(store.health.liveBytes).toBeGreaterThan(290_000);
    store.saved(kept.id, 1, null);
    await settle();
    expect(page.trouble).toBeNull();
    new Run(store, page, runId(3), run.path, run.id).send('x'.repeat(100_000));
    await settle();
    expect(page.seq(runId(3))).toBe(1);
    store.dispose();
  });

  /** So many seconds pass, with what is done in them. */
  const passes = async (seconds: number): Promise<void> => {
    for (let left = seconds; left > 0; left -= 10) {
      clock.advance(10_000);
      await settle();
    }
  };

  it('counts what earlier companions left against the bound, and still takes some where that is all of it', async () => {
    const left = await disk.create('earlier.0.journal');
    await left.append(Buffer.alloc(6_000_000));
    const { store, page } = openStore(disk, 'boot', { clock, maxBytes: 12_000_000 });
    store.start();
    await settle();
    const run = new Run(store, page, runId(1)).send('x'.repeat(2_500_000));
    await settle();
    run.send('x'.repeat(2_500_000));
    expect(page.trouble).toBe('journal-full');
    await disk.remove('earlier.0.journal');
    await passes(400);
    expect(page.trouble).toBeNull();
    const much = await disk.create('earlier.1.journal');
    await much.append(Buffer.alloc(20_000_000));
    await passes(400);
    const other = new Run(store, page, runId(2)).send('x'.repeat(100_000));
    await settle();
    expect(page.seq(other.id)).toBe(1);
    store.dispose();
  });

  it('calls it a full disk when the volume leaves no more, and goes on when somebody makes room', async () => {
    disk.roomBytes = 20_000_000;
    const { store, page } = openStore(disk, 'boot', { clock });
    store.start();
    await settle();
    const run = new Run(store, page, runId(1)).send('x'.repeat(3_000_000));
    await settle();
    run.send('x'.repeat(3_000_000));
    expect(page.trouble).toBe('disk-full');
    disk.roomBytes = 80_000_000;
    await passes(80);
    expect(page.trouble).toBeNull();
    store.dispose();
  });

  it('shrinks a long run when room becomes scarce, and gives the same records back', async () => {
    const { store, page } = openStore(disk, 'boot', {
      clock,
      maxBytes: 4_000_000,
      fold: lastLine
    });
    const run = new Run(store, page, runId(1)).send(BASE_LINE);
    for (let i = 1; i <= 200; i += 1) {
      run.send(`${i}:${'x'.repeat(20_000)}`);
      await settle();
    }
    expect(page.lostRuns).toEqual([]);
    expect(page.seq(run.id)).toBe(201);
    expect(store.health.bytes).toBeLessThan(4_000_000);
    run.send('after');
    await settle();
    const reader = await store.readBack(new Set([run.id]));
    const [found] = reader.runs;
    expect(found).toMatchObject({ lastSeq: 202, damagedAfterSeq: null, base: { cells: 7 } });
    const texts = await textsOf(found);
    expect(texts.length).toBeLessThan(150);
    expect(texts[0]).toMatch(/^\{"t":"base".*\n\d+:x+$/);
    const first = Number(/\n(\d+):/.exec(texts[0] ?? '')?.[1]);
    expect(texts.slice(1)).toEqual(run.sent.slice(first + 1));
    reader.dispose();
    store.dispose();
  });

  it('keeps what has arrived of a batch when it shrinks the run in the middle of it', async () => {
    const { store, page } = openStore(disk, 'boot', { clock, maxBytes: 8_000_000, fold: lastLine });
    const run = new Run(store, page, runId(1)).send(BASE_LINE);
    for (let i = 1; i <= 130; i += 1) {
      run.send(`${i}:${'x'.repeat(20_000)}`);
      await settle();
    }
    // Sent as a page does: each piece fills a segment of its own, and more, before the next one comes.
    for (let piece = 0; piece < 9; piece += 1) {
      run.sendPart(`${piece}${'y'.repeat(256 * 1024)}`);
      await settle();
    }
    run.send('end');
    for (let i = 1; i <= 10; i += 1) {
      await settle();
      await store.flush();
    }
    expect(page.seq(run.id)).toBe(132);
    const reader = await store.readBack(new Set([run.id]));
    expect(reader.runs[0]).toMatchObject({ lastSeq: 132, damagedAfterSeq: null });
    const texts = await textsOf(reader.runs[0]);
    // It was shrunk.
    expect(texts.length).toBeLessThan(100);
    expect(texts.at(-1)).toBe(run.sent.at(-1));
    reader.dispose();
    store.dispose();
  });
});

/** A fold for which the last record of a line counts. */
function lastLine(): IRunFold {
  const lines: string[] = [];
  return {
    add: line => void (line === BASE_LINE ? lines.push(line) : (lines[1] = line)),
    lines: () => lines
  };
}

const BASE_LINE = '{"t":"base","hash":null,"cells":7}';

/** Why a file system cannot be mounted here; null = it can. */
function noMounts(): string | null {
  const place = scratch();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place.path], { stdio: 'pipe' });
    execFileSync('umount', [place.path]);
    return null;
  } catch (error) {
    return `mounting needs root (${String(error).split('\n', 1)[0]})`;
  } finally {
    place.remove();
  }
}

const reason = noMounts();
const describeMounted = reason === null ? describe : describe.skip;

describeMounted(`a journal on a real file system${reason === null ? '' : `: skipped, ${reason}`}`, () => {
  let place: ReturnType<typeof scratch>;
  const mount = (...options: string[]): void => void execFileSync('mount', [...options, place.path]);
  beforeEach(() => {
    place = scratch();
    mount('-t', 'tmpfs', '-o', 'size=1m', 'none');
  });
  afterEach(() => {
    // Lazily: what is disposed of closes its files soon after.
    execFileSync('umount', ['--lazy', place.path]);
    place.remove();
  });

  it('that is full says so, keeps what it has acknowledged, and goes on when there is room', async () => {
    const disk = new HomeDisk(place.path, '', 'boot');
    const { store, page, log } = openStore(disk, 'boot');
    store.start();
    await store.flush();
    const run = new Run(store, page, runId(1)).send();
    await store.flush();
    const filler = join(place.path, 'filler');
    mkdirSync(filler);
    for (let i = 0; ; i += 1) {
      try {
        writeFileSync(join(filler, String(i)), Buffer.alloc(64 * 1024));
      } catch {
        // That was the last room.
        break;
      }
    }
    // The page that is begun has room for some of these; then one is torn.
    for (let i = 0; i < 20; i += 1) {
      run.send();
      await store.flush();
    }
    run.send('y'.repeat(20_000));
    await store.flush();
    expect(page.trouble).toBe('disk-full');
    const acknowledged = page.seq(run.id);
    expect(acknowledged).toBeGreaterThan(0);
    expect(acknowledged).toBeLessThan(run.seq);

    // A second companion that finds the journal now finds what was acknowledged.
    const found = (await earlierOf(place.path)).all[0];
    expect(found?.lastSeq).toBeGreaterThanOrEqual(acknowledged);
    expect(await textsOf(found)).toEqual(run.sent.slice(0, found?.lastSeq));

    rmSync(filler, { recursive: true });
    await until(() => page.seq(run.id) === run.seq);
    expect(page.trouble).toBeNull();
    expect(page.lostRuns).toEqual([]);
    expect(log).toHaveLength(2);
    store.dispose();
    const later = (await earlierOf(place.path)).all[0];
    expect(later).toMatchObject({ damagedAfterSeq: null });
    expect(await textsOf(later)).toEqual(run.sent);
  });

  it('leaves no files behind while it is full', async () => {
    writeFileSync(join(place.path, 'filler'), Buffer.alloc(1024 * 1024 - 40 * 1024));
    const disk = new HomeDisk(place.path, '', 'boot');
    const { store, page } = openStore(disk, 'boot');
    store.start();
    const run = new Run(store, page, runId(1)).send('y'.repeat(100_000));
    for (let i = 0; i < 5; i += 1) {
      await store.flush();
    }
    expect(page.trouble).toBe('disk-full');
    expect(page.seq(run.id)).toBe(0);
    const sizes = readdirSync(disk.folder).map(name => statSync(join(disk.folder, name)).size);
    expect(Math.max(0, ...sizes)).toBeLessThan(1000);
    store.dispose();
  });

  it('that becomes read-only says so, and goes on when it can be written again', async () => {
    const disk = new HomeDisk(place.path, '', 'boot');
    const { store, page } = openStore(disk, 'boot');
    store.start();
    const run = new Run(store, page, runId(1)).send();
    await store.flush();
    // With a file open for writing it cannot be remounted: it is in a server that lets nobody write.
    await store.close();
    mount('-o', 'remount,ro');
    const second = openStore(new HomeDisk(place.path, '', 'second'), 'second');
    second.store.start();
    await until(() => second.page.trouble === 'read-only');
    const again = new Run(second.store, second.page, runId(2), run.path, run.id).send();
    expect(await second.store.flush()).toBe(false);
    // What lies there can be read all the same.
    expect((await earlierOf(place.path)).all.map(found => found.run)).toEqual([run.id]);
    mount('-o', 'remount,rw');
    await until(() => second.page.seq(again.id) === 1);
    expect(second.page.trouble).toBeNull();
    expect(page.seq(run.id)).toBe(1);
    second.store.dispose();
  });
});
