import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { parseFlightRecord, type FlightRecord } from '@labkeeper/core';
import { deathsKnown, parseParams, type Death } from '@labkeeper/protocol';
import { decodeFrames } from '../src/recorder/frame.js';
import { ownFolder } from '../src/recorder/own-folder.js';
import { PastStore } from '../src/recorder/past-store.js';
import { death } from './death.js';
import { FakeClock } from './fake-clock.js';
import { RunningApp, type IRunningAppOptions } from './running-app.js';
import { kernel, MIB } from './scripted-observer.js';
import { until } from './until.js';
import { Client, get, PAGE_HELLO, scratch } from './wire.js';

// Real files and sockets: on a busy machine a run of several companions takes a while.
jest.setTimeout(60_000);

const busy = { state: 'busy', stateSinceMs: Date.UTC(2026, 10, 24, 13, 59, 0) } as const;
const RUNNING = 1500 * MIB;
const FULL = 2000 * MIB;

/** The process id of a server that is dead by now. */
async function deadServer(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? -1;
}

describe('the flight recorder', () => {
  let home: ReturnType<typeof scratch>;
  let clock: FakeClock;
  let pid: number;
  let killed: RunningApp[];
  let helpers: ChildProcess[];
  beforeEach(async () => {
    killed = [];
    helpers = [];
    home = scratch();
    clock = new FakeClock();
    pid = await deadServer();
  });
  afterEach(async () => {
    helpers.forEach(helper => helper.kill('SIGKILL'));
    await Promise.all(killed.map(app => app.app.close('server-gone')));
    home.remove();
  });

  const files = (boot = ''): string[] => {
    const folder = ownFolder(home.path, 'flight', '');
    return existsSync(folder)
      ? readdirSync(folder)
          .filter(name => name.startsWith(boot) && name.endsWith('.flight'))
          .map(name => join(folder, name))
      : [];
  };
  /** The records of one companion, each with its size in the file. Only for files that nobody removes meanwhile. */
  const records = (boot: string): { record: FlightRecord; bytes: number }[] =>
    files(boot).flatMap(file =>
      decodeFrames(readFileSync(file)).texts.flatMap(text => {
        const record = parseFlightRecord(text);
        return record ? [{ record, bytes: Buffer.byteLength(text) + 8 }] : [];
      })
    );
  const start = (options: IRunningAppOptions = {}): Promise<RunningApp> =>
    RunningApp.start({ home: home.path, clock, serverPid: pid, ...options });
  /** A companion with a kernel that fills the memory, when all of that is in its file. */
  const inDanger = async (options: IRunningAppOptions = {}): Promise<RunningApp> => {
    const app = await start(options);
    const server = await app.server();
    server.send('server/kernels', { kernels: [kernel('a', busy), kernel('b', { pid: 1001 })] });
    await until(() => app.observer.kernels.length === 2);
    app.observer.kernelBytes.set('a', RUNNING);
    app.observer.unreclaimableBytes = FULL;
    await app.pass(3000);
    await until(() =>
      records(options.boot ?? 'boot-1').some(
        ({ record }) =>
          record.kind === 'summary' &&
          record.memory?.unreclaimableBytes === FULL &&
          record.kernels.some(({ memoryBytes }) => memoryBytes === RUNNING)
      )
    );
    return app;
  };
  /**
   * A companion that was killed 20 s ago. Its clock is its own and stands still from then on, so it writes nothing more.
   *
   * @param lastly - what it lives to see, after all of danger is in its file.
   */
  const killedInDanger = async (
    options: IRunningAppOptions = {},
    lastly: (app: RunningApp) => Promise<void> = async () => undefined
  ): Promise<void> => {
    const theirs = new FakeClock(clock.wallMs());
    const app = await inDanger({ clock: theirs, ...options });
    await lastly(app);
    app.abandon();
    killed.push(app);
    clock.advance(theirs.wallMs() - clock.wallMs() + 20_000);
  };
  const next = (options: IRunningAppOptions = {}): Promise<RunningApp> =>
    start({ boot: 'boot-2', serverPid: process.pid, ...options });
  /** Earlier runs were looked at, and removed because there is nothing left to explain. */
  const explained = (): Promise<void> => until(() => files('boot-1').length === 0);
  const pastDeaths = async (page: Client): Promise<Death[]> =>
    parseParams(deathsKnown, (await page.next('kernel/deaths')).params).deaths;
  const wholeContainer = {
    verdict: { cause: 'container-killed', memory: 'yes' },
    evidence: { fromFlightRecorder: true, kernel: { kernelId: 'a' }, kernelSampleBytes: RUNNING }
  };

  it('explains a container that was killed as a whole, and tells it once', async () => {
    await killedInDanger();

    let app = await next();
    await explained();
    let page = await app.page();
    expect((await page.next('kernel/death')).params).toMatchObject(wholeContainer);
    await app.stop('asked');

    app = await next({ boot: 'boot-3' });
    page = await app.page();
    expect(await pastDeaths(page)).toHaveLength(1);
    await page.close();
    page = await app.page();
    expect(page.of('kernel/death')).toEqual([]);
    await app.stop();
  });

  it('tells it to a page that was there before it was known', async () => {
    await killedInDanger();
    const app = await next();
    const page = await app.page();
    expect((await page.next('kernel/death')).params).toMatchObject(wholeContainer);
    await app.stop();
  });

  it('tells past deaths again that a slow home gives late, in front of those of this run', async () => {
    let give: () => void = () => undefined;
    const slow = new Promise<void>(resolve => (give = resolve));
    const read = jest.spyOn(PastStore.prototype, 'read').mockImplementation(async () => {
      await slow;
      return { deaths: [death('past')], told: [], notices: {} };
    });
    const app = await start({ awaitPast: false, home: home.path });
    const page = await app.page();
    expect(await pastDeaths(page)).toEqual([]);
    const server = await app.server();
    server.send('server/kernels', { kernels: [kernel('a', busy)] });
    server.send('server/kernel-died', {
      kernel: kernel('a', busy),
      pid: 1000,
      atMs: clock.wallMs(),
      exit: { how: 'signal', signal: 9, coreDumped: false },
      intent: 'none'
    });
    await page.next('kernel/death');
    give();
    await page.wait(() => page.of('kernel/deaths').length === 2);
    const ids = parseParams(deathsKnown, page.of('kernel/deaths')[1]?.params).deaths.map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe('past');
    read.mockRestore();
    await app.stop();
  });

  it('tells it to a page that was hidden, when somebody looks', async () => {
    await killedInDanger();
    const app = await next();
    await explained();
    const page = await new Client(app.socketPath, '/lab').opened();
    page.send('hello', { ...PAGE_HELLO, visible: false });
    expect(await pastDeaths(page)).toHaveLength(1);
    expect(page.of('kernel/death')).toEqual([]);
    page.send('page/visibility', { visible: true });
    expect((await page.next('kernel/death')).params).toMatchObject(wholeContainer);
    await app.stop();
  });

  it('reads around damage', async () => {
    await killedInDanger();
    const [file = ''] = files('boot-1');
    const bytes = readFileSync(file);
    // The first record (which server it was) stays; a part behind it is garbage, and the last record is torn.
    const from = bytes.readUInt32LE(0) + 8 + 20;
    bytes.fill(0x2a, from, from + 100);
    writeFileSync(file, bytes);
    truncateSync(file, bytes.length - 5);
    expect(decodeFrames(readFileSync(file)).skippedBytes).toBeGreaterThan(100);

    const app = await next();
    await explained();
    const page = await app.page();
    expect((await page.next('kernel/death')).params).toMatchObject(wholeContainer);
    await app.stop();
  });

  it('explains nothing after the companion was asked to end', async () => {
    await (await inDanger()).stop('asked');
    const app = await next();
    await explained();
    expect(await pastDeaths(await app.page())).toEqual([]);
    await app.stop();
  });

  it('explains nothing after the server said that it stops', async () => {
    const app = await inDanger();
    const server = await app.server();
    server.send('server/stopping', { atMs: clock.wallMs() });
    await until(() => records('boot-1').some(({ record }) => record.kind === 'clean-stop'));
    await app.stop('server-gone');
    const later = await next();
    await explained();
    expect(await pastDeaths(await later.page())).toEqual([]);
    await later.stop();
  });

  it('does not explain its own crash while the server lives on', async () => {
    await killedInDanger({ serverPid: process.pid });
    const app = await next();
    await explained();
    expect(await pastDeaths(await app.page())).toEqual([]);
    await app.stop();
  });

  it('leaves the records of another server alone that lives beside it', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    helpers.push(other);
    await once(other, 'spawn');
    const first = await inDanger({ serverPid: other.pid ?? -1 });
    const app = await next();
    await app.pass(20_000);
    expect(files('boot-1')).toHaveLength(1);
    expect(await pastDeaths(await app.page())).toEqual([]);
    await app.stop();
    await first.stop();
  });

  it('explains a server that is dead but not yet reaped by its parent', async () => {
    // The shell becomes a sleep, which reaps nobody; only then its child is killed.
    const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600']);
    helpers.push(parent);
    const [line] = await once(parent.stdout, 'data');
    const zombie = Number(String(line));
    await until(() => readFileSync(`/proc/${parent.pid}/comm`, 'latin1') === 'sleep\n');
    process.kill(zombie, 'SIGKILL');
    await until(() => readFileSync(`/proc/${zombie}/stat`, 'latin1').includes(') Z '));
    await killedInDanger({ serverPid: zombie });
    const app = await next();
    await explained();
    const page = await app.page();
    expect((await page.next('kernel/death')).params).toMatchObject(wholeContainer);
    await app.stop();
  });

  it('counts growth since the last full sample as the running kernel’s', async () => {
    const growth = 40 * MIB;
    await killedInDanger({}, async app => {
      const before = app.observer.samples;
      while (app.observer.samples === before) {
        await app.pass(20, 20);
      }
      // The fast watch near the limit sees it before the next full sample does.
      const { samples } = app.observer;
      app.observer.unreclaimableBytes = FULL + growth;
      await app.pass(60, 20);
      expect(app.observer.samples).toBe(samples);
      await until(() =>
        records('boot-1').some(
          ({ record }) => record.kind === 'heartbeat' && record.unreclaimableBytes === FULL + growth
        )
      );
    });
    const later = await next();
    const page = await later.page();
    expect((await page.next('kernel/death')).params).toMatchObject({
      verdict: { cause: 'container-killed', heldBytes: RUNNING + growth }
    });
    await later.stop();
  });

  it('writes in danger what memory is after a sample, however long that took', async () => {
    const app = await inDanger();
    // Every reading finds more.
    app.observer.beforeRead = () => void (app.observer.unreclaimableBytes += MIB);
    await app.pass(1100);
    await app.stop();
    const summaries = records('boot-1').flatMap(({ record }) => (record.kind === 'summary' ? [record] : []));
    const { memory, kernelsUnreclaimableBytes } =
      summaries.find(record => (record.kernelsUnreclaimableBytes ?? 0) > FULL) ?? {};
    expect(memory?.unreclaimableBytes).toBe((kernelsUnreclaimableBytes ?? 0) + MIB);
  });

  it('knows who holds most while calm, though that changed since the last minute', async () => {
    const theirs = new FakeClock(clock.wallMs());
    const app = await start({ clock: theirs });
    killed.push(app);
    const server = await app.server();
    server.send('server/kernels', { kernels: [kernel('a'), kernel('b', { pid: 1001 })] });
    await until(() => app.observer.kernels.length === 2);
    app.observer.kernelBytes.set('a', 200 * MIB);
    await app.pass(5000);
    app.observer.kernelBytes.set('b', 400 * MIB);
    await app.pass(5000);
    const holds = (record: FlightRecord, bytes: number): boolean =>
      record.kind === 'summary' && record.kernels[0]?.memoryBytes === bytes;
    await until(() => records('boot-1').some(({ record }) => holds(record, 400 * MIB)));
    app.abandon();

    clock.advance(30_000);
    const later = await next();
    const page = await later.page();
    expect((await page.next('kernel/death')).params).toMatchObject({
      verdict: { cause: 'container-stopped', heldBytes: 400 * MIB },
      evidence: { kernel: { kernelId: 'b' } }
    });
    await later.stop();
  });

  it('writes at most 4 KiB a minute while calm, with ten kernels', async () => {
    const app = await start();
    const server = await app.server();
    const ids = Array.from({ length: 10 }, (_, i) => `0b1c2d3e-0000-4000-8000-00000000000${i}`);
    server.send('server/kernels', {
      kernels: ids.map(id => kernel(id, { path: `project/analysis/${id}.ipynb` }))
    });
    await until(() => app.observer.kernels.length === 10);
    const beginMs = clock.wallMs() + 60_000;
    for (let second = 0; second < 11 * 60; second += 1) {
      // Busy people: every kernel is another size each second, without filling the container.
      ids.forEach((id, i) => app.observer.kernelBytes.set(id, ((second + i) % 2) * 120 * MIB));
      await app.pass(1000, 500);
    }
    await app.stop();
    // By the records' own times, when all are written: a slow disk gets those of several minutes at once.
    const perMinute = Array.from({ length: 10 }, (_, minute) =>
      records('boot-1')
        .filter(({ record }) => Math.floor((record.atMs - beginMs) / 60_000) === minute)
        .reduce((sum, { bytes }) => sum + bytes, 0)
    );
    expect(Math.min(...perMinute)).toBeGreaterThan(300);
    expect(perMinute.reduce((sum, bytes) => sum + bytes, 0) / perMinute.length).toBeLessThan(4096);
    expect(Math.max(...perMinute)).toBeLessThan(6144);
  });

  it('needs no home: a read-only one costs one line in the log, and an absent one none', async () => {
    // Root may write everywhere, so the home is a path below a file.
    writeFileSync(join(home.path, 'file'), '');
    const app = await start({ home: join(home.path, 'file', 'home') });
    const page = await app.page();
    await app.pass(30_000, 1000);
    await page.next('usage/sample');
    await until(() => app.logged.some(line => line.includes('flight recorder cannot write')));
    await app.pass(30 * 60_000, 10_000);
    expect(app.logged.filter(line => line.includes('flight recorder cannot write'))).toHaveLength(1);
    expect((await get(app.socketPath, '/health')).body).toMatchObject({ recorder: { bytesWritten: 0 } });
    await app.stop();

    const homeless = await RunningApp.start({ home: null });
    await homeless.pass(5000);
    expect(
      homeless.logged.filter(line => !line.includes('not asked') && !line.includes('connected'))
    ).toEqual([]);
    await homeless.stop();
  });

  it('writes nothing through a link that somebody put in its place', async () => {
    const elsewhere = join(home.path, 'elsewhere');
    mkdirSync(elsewhere);
    mkdirSync(join(home.path, '.local', 'share'), { recursive: true });
    symlinkSync(elsewhere, join(home.path, '.local', 'share', 'labkeeper'));
    const app = await start();
    await until(() => app.logged.some(line => line.includes('is not a folder of this user')));
    await app.stop();
    // mkdir follows the link before it is looked at; no record may.
    expect(readdirSync(elsewhere, { recursive: true }).filter(name => String(name).includes('.'))).toEqual(
      []
    );
  });

  it('writes nothing when it is switched off', async () => {
    const app = await start({ disabled: ['flight-recorder', 'save-guard'] });
    await app.pass(5000);
    await app.stop();
    expect(existsSync(join(home.path, '.local'))).toBe(false);
  });
});
