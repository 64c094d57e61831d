import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { BASE, earlierOf, openStore, Page, Run, runId, textsOf } from './scene.js';

describe('the journal', () => {
  let home: ReturnType<typeof scratch>;
  let disk: HomeDisk;
  beforeEach(() => {
    home = scratch();
    disk = new HomeDisk(home.path, '', 'boot');
  });
  afterEach(() => home.remove());

  it('acknowledges batches when they are on the disk, and gives them back byte by byte', async () => {
    const { store, page } = openStore(disk, 'boot');
    const run = new Run(store, page, runId(1), 'thesis/ü 1.ipynb').send();
    run.send('{"t":"src","c":0,"v":"π 😀"}\n{"t":"exec","c":0,"v":7}').send('not even JSON, \\u0000 and  ');
    expect(page.seq(run.id)).toBe(0);
    await until(() => page.seq(run.id) === 3);
    store.renamed(run.id, 'thesis/2.ipynb');
    expect(await store.flush()).toBe(true);
    store.dispose();

    const earlier = await earlierOf(home.path);
    expect(earlier.all).toHaveLength(1);
    expect(earlier.all[0]).toMatchObject({
      boot: 'boot',
      run: run.id,
      path: 'thesis/2.ipynb',
      kind: 'notebook',
      base: { hash: 'ab'.repeat(32), cells: 3 },
      saved: null,
      lastSeq: 3,
      damagedAfterSeq: null,
      sameServer: false
    });
    expect(await textsOf(earlier.all[0])).toEqual(run.sent);
    expect(Math.abs((earlier.all[0]?.lastAtMs ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('costs less than 25 bytes a batch beside its records', async () => {
    const { store, page } = openStore(disk, 'boot');
    const run = new Run(store, page, runId(1)).send();
    await store.flush();
    const before = store.health.bytes;
    for (let i = 0; i < 1000; i += 1) {
      run.send('{"t":"edit","c":12,"at":1204,"ins":"some","sum":4029348523}');
    }
    await store.flush();
    const body = Buffer.byteLength(run.sent.at(-1) ?? '');
    expect((store.health.bytes - before) / 1000 - body).toBeLessThan(25);
    const folder = disk.folder;
    const onDisk = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(onDisk).toBe(store.health.bytes);
    store.dispose();
  });

  it('puts the pieces of a batch together, and forgets those of a connection that broke', async () => {
    const { store, page } = openStore(disk, 'boot');
    const run = new Run(store, page, runId(1)).send();
    const other = new Page();
    store.attach(other);
    const long = `{"t":"src","c":0,"v":"${'y'.repeat(1_300_000)}"}`;
    store.append(page, run.id, 2, true, Buffer.from(long.slice(0, 500_000)));
    store.append(page, run.id, 2, true, Buffer.from(long.slice(500_000, 500_010)));
    store.detach(page);
    store.append(other, run.id, 2, true, Buffer.from(long.slice(0, 700_000)));
    // This was on its way when the connection broke.
    store.append(page, run.id, 2, true, Buffer.from(long.slice(500_010, 600_000)));
    store.append(other, run.id, 2, false, Buffer.from(long.slice(700_000)));
    await until(() => other.seq(run.id) === 2);
    expect(page.seq(run.id)).toBe(0);
    store.append(other, run.id, 3, true, Buffer.from('never to the end'));
    await store.flush();
    store.dispose();

    const [found] = (await earlierOf(home.path)).all;
    expect(found).toMatchObject({ lastSeq: 2, damagedAfterSeq: null });
    expect(await textsOf(found)).toEqual([BASE, long]);
  });

  it('takes records of the companion itself, behind what the page has sent', async () => {
    const { store, page } = openStore(disk, 'boot');
    expect(store.appendOwn(runId(1), Buffer.from('x'))).toBe('unknown');
    const run = new Run(store, page, runId(1));
    expect(store.appendOwn(run.id, Buffer.from('before the base'))).toBe('unknown');
    run.send().send();
    expect(store.appendOwn(run.id, Buffer.from('output'))).toBe('taken');
    run.send();
    store.append(page, run.id, 4, true, Buffer.from('a piece'));
    expect(store.appendOwn(run.id, Buffer.from('in the middle'))).toBe('later');
    await until(() => page.seq(run.id) === 3);
    await store.flush();
    const earlier = await earlierOf(home.path);
    const [base = '', second = '', third = ''] = run.sent;
    expect(await textsOf(earlier.all[0])).toEqual([base, second, 'output', third]);
    expect(earlier.all[0]).toMatchObject({ lastSeq: 3, damagedAfterSeq: null });
    store.dispose();
  });

  it('drops a batch that comes twice, and says again what is durable', async () => {
    const { store, page } = openStore(disk, 'boot');
    const run = new Run(store, page, runId(1)).send().send();
    await until(() => page.seq(run.id) === 2);
    page.acknowledged.clear();
    store.append(page, run.id, 1, false, Buffer.from(BASE));
    expect(page.seq(run.id)).toBe(2);
    run.send();
    await until(() => page.seq(run.id) === 3);
    store.dispose();
    expect(await textsOf((await earlierOf(home.path)).all[0])).toEqual(run.sent);
  });

  it('tells that a run is lost when it does not know it, and when a batch is missing', async () => {
    const { store, page } = openStore(disk, 'boot');
    store.append(page, runId(9), 4, false, Buffer.from('x'));
    expect(page.lostRuns).toEqual([{ run: runId(9), seq: 4 }]);
    const run = new Run(store, page, runId(1)).send().send();
    await until(() => page.seq(run.id) === 2);
    store.append(page, run.id, 4, false, Buffer.from('gap'));
    expect(page.lostRuns.at(-1)).toEqual({ run: run.id, seq: 4 });
    store.append(page, run.id, 3, false, Buffer.from('too late'));
    expect(page.lostRuns.at(-1)).toEqual({ run: run.id, seq: 3 });
    await store.flush();
    store.dispose();
    // What was acknowledged stays until the page has begun anew.
    expect(await textsOf((await earlierOf(home.path)).all[0])).toEqual(run.sent);
  });

  it('forgets a run that is replaced when the first batch of the new one is durable, and not before', async () => {
    const { store, page } = openStore(disk, 'boot');
    const first = new Run(store, page, runId(1), 'a.ipynb').send().send();
    await until(() => page.seq(first.id) === 2);
    const second = new Run(store, page, runId(2), 'a.ipynb', first.id);
    await store.flush();
    expect((await earlierOf(home.path)).all.map(run => run.run)).toEqual([first.id]);
    // The second never got a batch through, and the third replaces only that one.
    const third = new Run(store, page, runId(3), 'a.ipynb', second.id).send();
    await until(() => page.seq(third.id) === 1);
    await store.flush();
    expect((await earlierOf(home.path)).all.map(run => run.run)).toEqual([third.id]);
    expect(store.health.runs).toBe(1);
    store.dispose();
  });

  it('forgets with a run that is saved or closed what that one was to replace', async () => {
    const { store, page } = openStore(disk, 'boot');
    const first = new Run(store, page, runId(1), 'a.ipynb').send();
    const other = new Run(store, page, runId(2), 'b.ipynb').send();
    await store.flush();
    const second = new Run(store, page, runId(3), 'a.ipynb', first.id);
    new Run(store, page, runId(4), 'b.ipynb', other.id);
    store.closed(second.id);
    store.saved(runId(4), 0, null);
    await store.flush();
    await store.flush();
    expect(store.health.runs).toBe(0);
    expect((await earlierOf(home.path)).all).toEqual([]);
    store.dispose();
  });

  it('keeps the runs of two pages that have the same document', async () => {
    const { store, page } = openStore(disk, 'boot');
    const other = new Page();
    store.attach(other);
    const one = new Run(store, page, runId(1), 'a.ipynb').send();
    const two = new Run(store, other, runId(2), 'a.ipynb').send();
    await until(() => page.seq(one.id) === 1 && other.seq(two.id) === 1);
    expect(page.acknowledged.has(two.id)).toBe(false);
    expect((await earlierOf(home.path)).all.map(run => run.run).sort()).toEqual([one.id, two.id]);
    store.dispose();
  });

  it('begins anew with the same id, and keeps the older run until the new one is durable', async () => {
    const { store, page } = openStore(disk, 'boot');
    const first = new Run(store, page, runId(1)).send('older');
    await until(() => page.seq(first.id) === 1);
    page.acknowledged.clear();
    const again = new Run(store, page, runId(1));
    await store.flush();
    expect(await textsOf((await earlierOf(home.path)).all[0])).toEqual(['older']);
    again.send('newer');
    await until(() => page.seq(first.id) === 1);
    await store.flush();
    const earlier = await earlierOf(home.path);
    expect(earlier.all).toHaveLength(1);
    expect(await textsOf(earlier.all[0])).toEqual(['newer']);
    store.dispose();
  });

  it('has nothing left of runs that are saved or closed, and keeps those that are saved in part', async () => {
    const { store, page } = openStore(disk, 'boot');
    const saved = new Run(store, page, runId(1)).send().send();
    const closed = new Run(store, page, runId(2)).send();
    const part = new Run(store, page, runId(3)).send().send();
    const hash = 'cd'.repeat(32);
    await store.flush();
    store.saved(saved.id, 2, hash);
    store.closed(closed.id);
    store.saved(part.id, 1, hash);
    await store.flush();
    expect(store.health).toMatchObject({ runs: 1 });
    const earlier = await earlierOf(home.path);
    expect(earlier.all.map(run => run.run)).toEqual([part.id]);
    expect(earlier.all[0]).toMatchObject({ saved: { seq: 1, hash }, lastSeq: 2 });
    // The file has all of it: the page begins anew for what comes.
    store.append(page, saved.id, 3, false, Buffer.from('x'));
    expect(page.lostRuns).toEqual([{ run: saved.id, seq: 3 }]);
    store.dispose();
  });

  it('leaves nothing in the folder when it ends and nothing is unsaved', async () => {
    const { store, page } = openStore(disk, 'boot');
    store.start();
    const run = new Run(store, page, runId(1)).send();
    await until(() => page.seq(run.id) === 1);
    store.saved(run.id, 1, null);
    await store.close();
    expect(readdirSync(disk.folder)).toEqual([]);
  });

  it('writes at its end what has not been written, and that it ended', async () => {
    const { store, page } = openStore(disk, 'boot');
    const run = new Run(store, page, runId(1)).send().send();
    await store.close();
    expect(page.seq(run.id)).toBe(2);
    expect(readFileSync(join(disk.folder, 'boot.0.journal')).includes('{"kind":"end"}')).toBe(true);
    // Its server may live in another container for all that can be seen, but it writes no more.
    expect((await earlierOf(home.path, { lives: () => null })).all).toHaveLength(1);
  });

  it('tells which runs have no page any more, and reads them back', async () => {
    const { store, page } = openStore(disk, 'boot');
    const run = new Run(store, page, runId(1)).send().send();
    const saved = new Run(store, page, runId(2)).send();
    await store.flush();
    store.saved(saved.id, 1, null);
    expect(store.unattended(0)).toEqual([]);
    store.detach(page);
    expect(store.unattended(60_000)).toEqual([]);
    expect(store.unattended(0)).toEqual([{ run: run.id, path: run.path }]);
    const reader = await store.readBack(new Set([run.id]));
    expect(await textsOf(reader.runs[0])).toEqual(run.sent);
    reader.dispose();
    store.closed(run.id);
    await store.flush();
    expect(store.health).toMatchObject({ runs: 0, liveBytes: 0 });
    store.dispose();
  });

  it('asks for everything again when somebody removes its files', async () => {
    const clock = new FakeClock();
    const { store, page, log } = openStore(disk, 'boot', { clock });
    store.start();
    const run = new Run(store, page, runId(1)).send();
    await store.flush();
    expect(page.seq(run.id)).toBe(1);
    await disk.remove('boot.0.journal');
    clock.advance(10_000);
    await until(() => page.lostRuns.length > 0);
    expect(page.lostRuns).toEqual([{ run: run.id, seq: 2 }]);
    expect(log).toHaveLength(1);
    const again = new Run(store, page, runId(2), run.path, run.id).send();
    await store.flush();
    expect(page.seq(again.id)).toBe(1);
    expect(await textsOf((await earlierOf(home.path)).all[0])).toEqual(again.sent);
    store.dispose();
  });
});
