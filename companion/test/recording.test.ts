import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { Death, deathsKnown, parseParams } from '@labkeeper/protocol';
import { flightFolder } from '../src/recorder/own-folder.js';
import { FakeClock } from './fake-clock.js';
import { RunningApp, type IRunningAppOptions } from './running-app.js';
import { kernel, MIB } from './scripted-observer.js';
import { get, scratch, type Client } from './wire.js';

const busy = { state: 'busy', stateSinceMs: Date.UTC(2026, 10, 24, 13, 59, 0) };

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
  beforeEach(async () => {
    home = scratch();
    clock = new FakeClock();
    pid = await deadServer();
  });
  afterEach(() => home.remove());

  const files = (): string[] => {
    const folder = flightFolder(home.path, '');
    return existsSync(folder)
      ? readdirSync(folder)
          .filter(name => name.endsWith('.flight'))
          .map(name => join(folder, name))
      : [];
  };
  const written = (): string =>
    files()
      .map(file => readFileSync(file, 'utf8'))
      .join('');
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) {
      await new Promise(setImmediate);
    }
  };
  const start = (options: IRunningAppOptions = {}): Promise<RunningApp> =>
    RunningApp.start({ home: home.path, clock, serverPid: pid, ...options });
  /** A companion with a kernel that fills the memory. */
  const inDanger = async (options: IRunningAppOptions = {}): Promise<RunningApp> => {
    const app = await start(options);
    const server = await app.server();
    server.send('server/kernels', { kernels: [kernel('a', busy), kernel('b', { pid: 1001 })] });
    await until(() => app.observer.kernels.length === 2);
    app.observer.kernelBytes.set('a', 1500 * MIB);
    app.observer.unreclaimableBytes = 2000 * MIB;
    await app.pass(3000);
    await until(() => written().includes(`"unreclaimableBytes":${2000 * MIB}`));
    return app;
  };
  const pastDeaths = async (page: Client): Promise<Death[]> =>
    parseParams(deathsKnown, (await page.next('kernel/deaths')).params).deaths;
  const next = (options: IRunningAppOptions = {}): Promise<RunningApp> =>
    start({ boot: 'boot-2', serverPid: process.pid, ...options });

  it('explains a container that was killed as a whole, and tells it once', async () => {
    (await inDanger()).abandon();
    clock.advance(20_000);

    let app = await next();
    await until(() => files().every(file => file.includes('boot-2')));
    let page = await app.page();
    const death = await page.next('kernel/death');
    expect(death.params).toMatchObject({
      verdict: { cause: 'container-killed', memory: 'yes' },
      evidence: { fromFlightRecorder: true, kernel: { kernelId: 'a' }, kernelSampleBytes: 1500 * MIB }
    });
    await app.stop('signal');

    app = await next({ boot: 'boot-3' });
    page = await app.page();
    expect(await pastDeaths(page)).toHaveLength(1);
    await page.close();
    page = await app.page();
    expect(page.of('kernel/death')).toEqual([]);
    await app.stop();
  });

  it('explains nothing after an orderly end', async () => {
    for (const end of ['signal', 'stopping'] as const) {
      const app = await inDanger({ boot: `boot-${end}` });
      if (end === 'stopping') {
        const server = await app.server();
        server.send('server/stopping', { atMs: clock.wallMs() });
        await until(() => written().includes('clean-stop'));
      }
      await app.stop(end === 'signal' ? 'signal' : 'server-gone');
    }
    const app = await next();
    await until(() => files().every(file => file.includes('boot-2')));
    expect(await pastDeaths(await app.page())).toEqual([]);
    await app.stop();
  });

  it('does not explain its own crash while the server lives on', async () => {
    (await inDanger({ serverPid: process.pid })).abandon();
    const app = await next();
    await until(() => files().every(file => file.includes('boot-2')));
    expect(await pastDeaths(await app.page())).toEqual([]);
    await app.stop();
  });

  it('leaves the records of another server alone that lives beside it', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(other, 'spawn');
    const first = await inDanger({ serverPid: other.pid ?? -1 });
    const app = await next();
    await app.pass(20_000);
    expect(files().some(file => file.includes('boot-1'))).toBe(true);
    expect(await pastDeaths(await app.page())).toEqual([]);
    await app.stop();
    await first.stop();
    other.kill('SIGKILL');
  });

  it('writes at most 4 KiB a minute while calm, with ten kernels', async () => {
    const app = await start();
    const server = await app.server();
    const ids = Array.from({ length: 10 }, (_, i) => `0b1c2d3e-0000-4000-8000-00000000000${i}`);
    server.send('server/kernels', {
      kernels: ids.map(id => kernel(id, { path: `project/analysis/${id}.ipynb` }))
    });
    await until(() => app.observer.kernels.length === 10);
    await app.pass(60_000, 500);
    const perMinute: number[] = [];
    for (let minute = 0; minute < 10; minute += 1) {
      const before = files().reduce((sum, file) => sum + statSync(file).size, 0);
      await app.pass(60_000, 500);
      perMinute.push(files().reduce((sum, file) => sum + statSync(file).size, 0) - before);
    }
    const average = perMinute.reduce((sum, bytes) => sum + bytes, 0) / 10;
    expect(average).toBeGreaterThan(300);
    expect(average).toBeLessThan(4096);
    expect(Math.max(...perMinute)).toBeLessThan(6144);
    await app.stop();
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
    const app = await start({ disabled: ['flight-recorder'] });
    await app.pass(5000);
    await app.stop();
    expect(existsSync(join(home.path, '.local'))).toBe(false);
  });
});
