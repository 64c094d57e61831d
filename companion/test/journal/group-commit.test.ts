import { FakeClock } from '../fake-clock.js';
import { MemoryDisk } from './memory-disk.js';
import { openStore, Run, runId } from './scene.js';

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) {
    await new Promise(resolve => setImmediate(resolve));
  }
}

interface IHour {
  /** Syncs in the worst minute. */
  readonly syncs: number;
  readonly longestWaitMs: number;
  /** Greatest amount by which a record waited longer than `boundMs` said when it came. */
  readonly beyondBoundMs: number;
}

/** Ten minutes in which a page sends a batch of `bytes` each `everyMs`, on a volume that takes `syncMs` per sync. */
async function tenMinutes(options: {
  syncMs: number | (() => number);
  everyMs: number;
  bytes?: number;
}): Promise<IHour> {
  const clock = new FakeClock();
  const { syncMs, everyMs, bytes = 60 } = options;
  const disk = new MemoryDisk({ clock, syncMs: syncMs });
  const { store, page } = openStore(disk, 'boot', { clock });
  store.start();
  const run = new Run(store, page, runId(1));
  const cameAtMs: { atMs: number; boundMs: number }[] = [];
  const syncsAtMs: number[] = [];
  let longestWaitMs = 0;
  let beyondBoundMs = -Infinity;
  let told = 0;
  let syncs = 0;
  for (let ms = 0; ms < 600_000; ms += 10) {
    if (ms % everyMs === 0) {
      cameAtMs.push({ atMs: ms, boundMs: store.state.boundMs });
      run.send('x'.repeat(bytes));
    }
    clock.advance(10);
    await new Promise(resolve => setImmediate(resolve));
    for (; syncs < disk.syncs; syncs += 1) {
      syncsAtMs.push(ms);
    }
    for (; told < page.seq(run.id); told += 1) {
      const came = cameAtMs[told];
      if (came) {
        longestWaitMs = Math.max(longestWaitMs, ms - came.atMs);
        // The first minute teaches how long a sync takes.
        beyondBoundMs = ms < 60_000 ? beyondBoundMs : Math.max(beyondBoundMs, ms - came.atMs - came.boundMs);
      }
    }
  }
  store.dispose();
  await settle();
  const perMinute = syncsAtMs.map(from => syncsAtMs.filter(at => at >= from && at < from + 60_000).length);
  // What begins the journal comes once: its folder and its first segment.
  return { syncs: Math.max(...perMinute.slice(8)), longestWaitMs, beyondBoundMs };
}

jest.setTimeout(60_000);

describe('how often the journal is forced to the disk', () => {
  it('at 50 ms per sync is 12 times a minute or less, and nothing waits for 30 s', async () => {
    const minute = await tenMinutes({ syncMs: 50, everyMs: 2000 });
    expect(minute.syncs).toBeLessThanOrEqual(12);
    expect(minute.syncs).toBeGreaterThan(8);
    expect(minute.longestWaitMs).toBeLessThan(6000);
    expect(minute.beyondBoundMs).toBeLessThanOrEqual(0);
  });

  it('also where much is written, and new segments take syncs of their own', async () => {
    const minute = await tenMinutes({ syncMs: 50, everyMs: 1000, bytes: 200_000 });
    expect(minute.syncs).toBeLessThanOrEqual(12);
    expect(minute.longestWaitMs).toBeLessThan(12_000);
    expect(minute.beyondBoundMs).toBeLessThanOrEqual(0);
  });

  it('on a fast disk is at once', async () => {
    const minute = await tenMinutes({ syncMs: 0, everyMs: 500 });
    expect(minute.longestWaitMs).toBeLessThanOrEqual(20);
    expect(minute.syncs).toBe(120);
  });

  it('where a sync takes a second still leaves time for everything to be safe within 30 s', async () => {
    const minute = await tenMinutes({ syncMs: 1000, everyMs: 500 });
    expect(minute.longestWaitMs).toBeLessThan(15_000);
    expect(minute.beyondBoundMs).toBeLessThanOrEqual(0);
  });

  it('is at once on a slow volume too when the end is near, or somebody asks for it', async () => {
    const clock = new FakeClock();
    const { store, page } = openStore(new MemoryDisk({ clock, syncMs: 50 }), 'boot', { clock });
    const pass = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 10) {
        clock.advance(10);
        await settle();
      }
    };
    store.start();
    const run = new Run(store, page, runId(1)).send();
    await pass(6000);
    run.send();
    await pass(60);
    expect(page.seq(run.id)).toBe(2);
    run.send();
    await pass(3000);
    expect(page.seq(run.id)).toBe(2);
    const flushed = store.flush();
    await pass(60);
    expect(await flushed).toBe(true);
    expect(page.seq(run.id)).toBe(3);
    store.hurry(true);
    run.send();
    await pass(60);
    expect(page.seq(run.id)).toBe(4);
    store.hurry(false);
    run.send();
    await pass(60);
    expect(page.seq(run.id)).toBe(4);
    store.dispose();
  });

  it('follows a volume that becomes slow, and says how long things take then', async () => {
    let minute = 0;
    const volume = await tenMinutes({ syncMs: () => ((minute += 1) > 40 ? 400 : 5), everyMs: 1000 });
    expect(volume.longestWaitMs).toBeLessThan(12_000);
  });
});
