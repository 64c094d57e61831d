import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LostEvent, ServerEvent } from '@labkeeper/protocol';
import { HubFolder } from '../../src/hub/hub-folder.js';
import { EventQueue } from '../../src/server-events/event-queue.js';
import { EventSpool } from '../../src/server-events/event-spool.js';
import { FakeClock } from '../fake-clock.js';
import { HubAndHome } from '../hub-and-home.js';
import type { RunningApp } from '../running-app.js';
import { kernel } from '../scripted-observer.js';
import { scratch } from '../wire.js';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;
const PLACE = { service: 'http://hub/services/labkeeper/', user: 'ada' };

interface IBatch {
  readonly boot: string;
  readonly first: number;
  readonly image: string | null;
  readonly events: readonly ServerEvent[];
}

describe('events that the hub does not have', () => {
  let home = scratch();
  let clock: FakeClock;
  let logged: string[];
  beforeEach(() => {
    [home, clock, logged] = [scratch(), new FakeClock(), []];
  });
  afterEach(async () => {
    await Promise.all(spools.splice(0).map(spool => spool.close()));
    home.remove();
  });

  const spools: EventSpool[] = [];
  const folderOf = (place = PLACE): HubFolder =>
    new HubFolder({ home: home.path, serverName: '', unique: randomUUID(), place });
  const files = (): string[] => {
    try {
      return readdirSync(folderOf().path).sort();
    } catch {
      // There is no such folder.
      return [];
    }
  };
  const text = (): string =>
    files()
      .map(name => readFileSync(join(folderOf().path, name), 'utf8'))
      .join('');

  function companion(more: { serverId?: string; lives?: boolean | null; place?: typeof PLACE } = {}) {
    const boot = randomUUID();
    const queue = new EventQueue(boot, 'lab:1', () => clock.wallMs());
    const spool = new EventSpool({
      ...{ folder: folderOf(more.place), queue, boot, countedBoot: null, image: 'lab:1', clock },
      serverId: more.serverId ?? 'server',
      serverLives: () => more.lives ?? null,
      log: line => logged.push(line)
    });
    spools.push(spool);
    const add = (count: number): void => {
      queue.add({
        kind: 'saves',
        ...{ id: randomUUID().replaceAll('-', ''), atMs: clock.wallMs(), count, worstAgeMs: null, notSafe: 0 }
      });
      spool.noted();
    };
    /** What a hub takes, to the end. */
    const take = (): IBatch[] => {
      const batches: IBatch[] = [];
      for (let body = queue.next(); body !== null; body = queue.next()) {
        const [head = '', ...lines] = body.toString('utf8').split('\n').slice(0, -1);
        batches.push({ ...JSON.parse(head), events: lines.map(line => JSON.parse(line)) });
        queue.done();
      }
      return batches;
    };
    return { boot, queue, spool, add, take };
  }
  const counts = (batches: readonly IBatch[]): number[] =>
    batches.flatMap(({ events }) => events.flatMap(event => (event.kind === 'saves' ? [event.count] : [])));
  const losses = (batches: readonly IBatch[]): Partial<LostEvent>[] =>
    batches.flatMap(({ events }) =>
      events.flatMap(event =>
        event.kind === 'lost' ? [{ why: event.why, count: event.count, sinceMs: event.sinceMs }] : []
      )
    );
  /** Lets a minute pass, and what is written then be written. */
  async function minute({ spool }: { readonly spool: EventSpool }): Promise<void> {
    clock.advance(60_000);
    await spool.write();
  }

  it('are never written while it takes what comes', async () => {
    const one = companion();
    await one.spool.start();
    for (let at = 0; at < 10; at += 1) {
      one.add(at);
      one.take();
      await minute(one);
    }
    await one.spool.close();
    expect(files()).toEqual([]);
  });

  it('are written once a minute at most, by their numbers, and gone from the disk when it has them', async () => {
    const one = companion();
    one.add(1);
    clock.advance(59_000);
    one.add(2);
    expect(files()).toEqual([]);
    await minute(one);
    const before = text();
    expect(before.match(/"seq":\d+/g)).toEqual(['"seq":1', '"seq":2']);
    const { ino } = statSync(join(folderOf().path, files()[0] ?? ''));
    one.add(3);
    await minute(one);
    expect(text().startsWith(before)).toBe(true);
    expect(statSync(join(folderOf().path, files()[0] ?? '')).ino).toBe(ino);
    // Nothing new, nothing written.
    const after = text();
    await minute(one);
    expect(text()).toBe(after);
    one.take();
    await minute(one);
    expect(files()).toEqual([]);
    one.add(4);
    await minute(one);
    expect(text().match(/"seq":\d+/g)).toEqual(['"seq":4']);
  });

  it('are sent by the next companion under the numbers and the image that they had, with their times, before its own', async () => {
    const one = companion();
    const atMs = clock.wallMs();
    [1, 2].forEach(one.add);
    await one.spool.close();
    clock.advance(3_600_000);
    const two = companion();
    two.add(3);
    await two.spool.start();
    const batches = two.take();
    expect(batches.map(({ boot, first, image }) => [boot, first, image])).toEqual([
      [one.boot, 1, 'lab:1'],
      [two.boot, 1, 'lab:1']
    ]);
    expect(counts(batches)).toEqual([1, 2, 3]);
    expect(batches[0]?.events.map(event => event.atMs)).toEqual([atMs, atMs]);
    await two.spool.close();
    expect([files(), logged]).toEqual([[], []]);
  });

  it('stay until the hub has them, also where one companion after another ends', async () => {
    const one = companion();
    one.add(1);
    await one.spool.close();
    const two = companion();
    await two.spool.start();
    // Under way, and not answered.
    expect(two.queue.next()?.toString('utf8')).toContain(one.boot);
    clock.advance(1000);
    two.add(2);
    await two.spool.close();
    expect(files()).toHaveLength(2);
    const three = companion();
    await three.spool.start();
    expect(counts(three.take())).toEqual([1, 2]);
    await three.spool.close();
    expect(files()).toEqual([]);
  });

  it('are forgotten where policy takes none', async () => {
    const one = companion();
    one.add(1);
    await one.spool.close();
    const two = companion();
    await two.spool.start();
    two.add(2);
    await two.spool.write();
    expect(files()).toHaveLength(2);
    two.queue.clear();
    await minute(two);
    expect([files(), two.take()]).toEqual([[], []]);
  });

  it('are left to a companion that lives, and to other hubs and users', async () => {
    const one = companion();
    one.add(1);
    await one.spool.write();
    const others = [
      companion({ serverId: 'another', lives: true }),
      companion({ place: { ...PLACE, user: 'ben' } }),
      companion({ place: { ...PLACE, service: 'http://elsewhere/' } })
    ];
    for (const other of others) {
      await other.spool.start();
      expect(other.take()).toEqual([]);
      await other.spool.close();
    }
    expect(files()).toHaveLength(1);
    const moved = companion({ serverId: 'another', lives: null });
    await moved.spool.start();
    expect(counts(moved.take())).toEqual([1]);
  });

  it('that found no room are counted, and told when there is room again', async () => {
    const one = companion();
    const sinceMs = clock.wallMs();
    for (let at = 1; at <= 620; at += 1) {
      one.add(at);
      clock.advance(1);
    }
    const batches = one.take();
    expect(counts(batches)).toEqual(Array.from({ length: 500 }, (_, at) => at + 121));
    expect(losses(batches)).toEqual([{ why: 'full', count: 120, sinceMs }]);
    expect(losses(one.take())).toEqual([]);
  });

  it('that were written are sent by the next companion, also those that found no room in memory', async () => {
    const one = companion();
    for (let at = 1; at <= 620; at += 1) {
      one.add(at);
      if (at % 100 === 0) {
        await minute(one);
      }
    }
    await one.spool.close();
    const two = companion();
    await two.spool.start();
    const batches = two.take();
    expect(counts(batches)).toEqual(Array.from({ length: 620 }, (_, at) => at + 1));
    expect(losses(batches)).toEqual([]);
  });

  it('take no more than their bound on the disk, and what goes is told', async () => {
    const one = companion();
    let most = 0;
    for (let at = 1; at <= 6000; at += 1) {
      one.add(at);
      if (at % 200 === 0) {
        await minute(one);
        most = Math.max(most, Buffer.byteLength(text()));
      }
    }
    await one.spool.close();
    expect(most).toBeLessThan(512 * 1024);
    expect(files()).toHaveLength(1);
    const two = companion();
    await two.spool.start();
    const batches = two.take();
    const lost = losses(batches).reduce((sum, { count }) => sum + (count ?? 0), 0);
    expect(counts(batches).at(-1)).toBe(6000);
    expect(lost).toBeGreaterThan(0);
    expect(lost + counts(batches).length).toBe(6000);
    expect(losses(batches).every(({ why }) => why === 'full')).toBe(true);
  });

  it('are not sent after a week, and told to be lost', async () => {
    const one = companion();
    const sinceMs = clock.wallMs();
    one.add(1);
    clock.advance(6 * DAY_MS);
    one.add(2);
    await one.spool.close();
    clock.advance(2 * DAY_MS);
    const two = companion();
    await two.spool.start();
    const batches = two.take();
    expect([counts(batches), losses(batches)]).toEqual([[2], [{ why: 'old', count: 1, sinceMs }]]);
    expect(batches.map(({ boot, first }) => [boot, first])).toEqual([
      [one.boot, 2],
      [two.boot, 1]
    ]);
  });

  it.each<[string, (path: string) => void, number | null, number[]]>([
    ['a line that is none', path => edit(path, '"seq":2', '"seq":"2"'), 1, [1, 3]],
    ['a cut end', path => writeFileSync(path, readFileSync(path, 'utf8').slice(0, -9)), 1, [1, 2]],
    ['an event that no hub would take', path => edit(path, '"notSafe":0', '"path":"/home"'), 1, [2, 3]],
    ['another hub in it', path => edit(path, 'http://hub/', 'http://hub2/'), null, []],
    ['another boot in it', path => edit(path, '"boot":"', '"boot":"f'), null, []],
    ['no beginning', path => writeFileSync(path, '\0\0\0'), null, []],
    ['too many bytes', path => writeFileSync(path, ' '.repeat(600 * 1024)), null, []]
  ])('are told to be damaged where the file has %s', async (_what, damage, count, left) => {
    const one = companion();
    [1, 2, 3].forEach(one.add);
    await one.spool.close();
    damage(join(folderOf().path, files()[0] ?? ''));
    const two = companion();
    await two.spool.start();
    const batches = two.take();
    expect(counts(batches)).toEqual(left);
    expect(losses(batches)).toEqual([{ why: 'damaged', count, sinceMs: null }]);
    await two.spool.close();
    expect(files()).toEqual([]);
    expect(logged).toHaveLength(count === null ? 1 : 0);
  });

  it('wait for the start after it where the disk does not give them now', async () => {
    const one = companion();
    one.add(1);
    await one.spool.close();
    const read = jest
      .spyOn(HubFolder.prototype, 'read')
      .mockRejectedValue(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }));
    const two = companion();
    await two.spool.start();
    read.mockRestore();
    expect(two.take()).toEqual([]);
    await two.spool.close();
    expect([files().length, logged]).toEqual([1, [expect.stringContaining('cannot be read now')]]);
    const three = companion();
    await three.spool.start();
    expect(counts(three.take())).toEqual([1]);
  });

  it('wait in memory where nothing can be written, and one sentence says so', async () => {
    mkdirSync(join(home.path, '.local/share'), { recursive: true });
    writeFileSync(join(home.path, '.local/share/labkeeper'), 'a file where the folder should be');
    const one = companion();
    await one.spool.start();
    one.add(1);
    await minute(one);
    one.add(2);
    await minute(one);
    expect(counts(one.take())).toEqual([1, 2]);
    await one.spool.close();
    expect(logged).toEqual([
      expect.stringMatching(/^Events that wait for the hub cannot be kept for the next/)
    ]);
  });
});

describe('a companion that ends', () => {
  let scene: HubAndHome;
  beforeEach(async () => {
    scene = await HubAndHome.make(hub => (hub.events = { send: true, errors: false }));
  });
  afterEach(() => scene.remove());

  type Kernels = ServerEvent & { readonly kind: 'kernels'; readonly seq: number };
  const batches = (): { boot: string; first: number; kernels: Kernels[] }[] =>
    scene.hub.eventBatches.map(body => {
      const [head = '', ...lines] = body.split('\n').slice(0, -1);
      const { boot, first }: { boot: string; first: number } = JSON.parse(head);
      const events = lines.map((line, at) => ({ ...JSON.parse(line), seq: first + at }));
      return { boot, first, kernels: events.filter(({ kind }) => kind === 'kernels') };
    });
  /** Kernel time as the hub adds it up: each number of a run once. */
  function told(): number {
    const taken = new Map<string, number>();
    for (const { boot, kernels } of batches()) {
      for (const { seq, kernelMs } of kernels) {
        taken.set(`${boot} ${seq}`, taken.get(`${boot} ${seq}`) ?? kernelMs);
      }
    }
    return [...taken.values()].reduce((sum, ms) => sum + ms, 0);
  }
  async function kernels(app: RunningApp): Promise<void> {
    const [server, page] = [await app.server(), await app.page()];
    server.send('server/kernels', { kernels: [kernel('a')] });
    await page.wait(({ method }) => method === 'kernels/changed');
    await app.pass(100_000, 1000);
  }

  it('while the hub service is away leaves its events to the next one, which sends them once', async () => {
    // The first one hears that the hub takes events.
    const first = await scene.start();
    await kernels(first);
    await scene.until(first, () => batches().length > 0);
    await scene.stop(first);
    scene.hubStops();

    const second = await scene.start();
    await kernels(second);
    await scene.stop(second);

    scene.hubStarts();
    const third = await scene.start();
    await scene.until(third, () => batches().some(({ kernels }) => kernels.length > 0));
    const [sent] = batches();
    expect(sent?.first).toBe(1);
    // Its answer has arrived.
    const hubFolder = join(scene.home.path, '.local/share/labkeeper/hub/default');
    await scene.until(
      third,
      () => !readdirSync(hubFolder).some(name => name.includes(sent?.boot ?? 'nothing'))
    );
    await scene.stop(third);
    const fourth = await scene.start();
    await scene.until(fourth, () => scene.hub.requests.some(line => line.includes('api/v1/events')));
    await fourth.pass(120_000, 1000);
    expect(batches().filter(({ boot }) => boot === sent?.boot)).toHaveLength(1);
  });

  it('and cannot remove what it has sent adds no kernel time twice', async () => {
    const sinceMs = scene.clock.monotonicMs();
    const first = await scene.start();
    await kernels(first);
    await scene.until(first, () => told() > 0);
    await first.pass(9 * 60_000, 1000);
    // What is written is on the disk.
    await new Promise(resolve => setTimeout(resolve, 100));
    const remove = jest.spyOn(HubFolder.prototype, 'remove').mockRejectedValue(new Error('EIO: i/o error'));
    await scene.stop(first);
    remove.mockRestore();
    const livedMs = scene.clock.monotonicMs() - sinceMs;

    const second = await scene.start();
    await scene.until(second, () => told() > livedMs - 75_000);
    await second.pass(120_000, 1000);
    await scene.stop(second);
    expect(told()).toBeLessThanOrEqual(livedMs);
  });

  it('because it is killed loses a minute of what it counted, and the rest is sent once', async () => {
    const clock = new FakeClock(scene.clock.wallMs());
    const sinceMs = clock.monotonicMs();
    const first = await scene.start({ clock });
    await kernels(first);
    await scene.until(first, () => told() > 0);
    const tallyMs = told();
    await first.pass(9 * 60_000, 1000);
    // What is written is on the disk.
    await new Promise(resolve => setTimeout(resolve, 100));
    scene.kill(first);
    const livedMs = clock.monotonicMs() - sinceMs;
    expect(told()).toBe(tallyMs);

    const second = await scene.start();
    await scene.until(second, () => told() > tallyMs);
    expect(told()).toBeGreaterThan(livedMs - 75_000);
    expect(told()).toBeLessThanOrEqual(livedMs);
    const all = told();
    await second.pass(120_000, 1000);
    await scene.stop(second);
    const third = await scene.start();
    await third.pass(120_000, 1000);
    expect(told()).toBe(all);
  });
});

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}
