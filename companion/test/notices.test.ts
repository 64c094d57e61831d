import { noticeGiven, parseParams, type Notice } from '@labkeeper/protocol';
import { RunningApp } from './running-app.js';
import { kernel, MIB } from './scripted-observer.js';
import { scratch, type Client, type IMessage } from './wire.js';

const busy = { state: 'busy', stateSinceMs: Date.UTC(2026, 10, 24, 13, 59, 0) };
const read = (message: IMessage): Notice => parseParams(noticeGiven, message.params);

describe('a notice', () => {
  const home = scratch();
  let app: RunningApp;
  let page: Client;
  let server: Client;

  const begin = async (options: Parameters<typeof RunningApp.start>[0] = {}): Promise<void> => {
    app = await RunningApp.start(options);
    page = await app.page();
    server = await app.server();
    await kernels([kernel('a', busy), kernel('b', { pid: 1001 })]);
    await app.pass(5000);
  };
  const kernels = async (list: ReturnType<typeof kernel>[]): Promise<void> => {
    const text = JSON.stringify(list);
    server.send('server/kernels', { kernels: list });
    await page.wait(
      message => message.method === 'kernels/changed' && JSON.stringify(message.params['kernels']) === text
    );
  };
  const causes = (): string[] => page.of('notice').map(message => read(message).verdict.cause);
  const next = (cause: string, over: boolean): Promise<IMessage> =>
    page.wait(
      message =>
        message.method === 'notice' && read(message).verdict.cause === cause && read(message).over === over
    );
  afterEach(() => app.stop());
  afterAll(home.remove);

  it('says that a worker was killed while its kernel lives, and ends when the cell ends', async () => {
    await begin();
    app.observer.counter.oomKill += 1;
    app.observer.counter.limitHit += 1;
    app.observer.lost.set('a', [{ pid: 2000, name: 'python', memoryBytes: 900 * MIB }]);
    await app.pass(1400);
    expect(causes()).toEqual([]);
    await app.pass(2600);
    const notice = read(await next('worker-killed', false));
    expect(notice.kernels).toEqual([{ kernelId: 'a', title: 'a.ipynb' }]);
    expect(notice.verdict.proofs).toContainEqual({ kind: 'worker', name: 'python', memoryBytes: 900 * MIB });
    await kernels([kernel('a')]);
    await app.pass(1100);
    expect(read(await next('worker-killed', true)).id).toBe(notice.id);
  });

  it('says so of a worker killed while an older kill is about to be given up', async () => {
    await begin();
    app.observer.counter.oomKill += 1;
    await app.pass(4500);
    app.observer.counter.oomKill += 1;
    await app.pass(1200);
    app.observer.lost.set('a', [{ pid: 2000, name: 'python', memoryBytes: 900 * MIB }]);
    await app.pass(2000);
    await next('worker-killed', false);
  });

  it('is not given for workers that ended as they should, nor for a killed terminal program', async () => {
    await begin();
    app.observer.lost.set('a', [{ pid: 2000, name: 'python', memoryBytes: 900 * MIB }]);
    await app.pass(8000);
    app.observer.counter.oomKill += 1;
    app.observer.counter.limitHit += 1;
    await app.pass(8000);
    expect(causes()).toEqual([]);
    // That kill is used up: a death by hand later is not its doing.
    server.send('server/kernel-died', {
      kernel: kernel('a', busy),
      pid: 1000,
      atMs: app.clock.wallMs(),
      exit: { how: 'signal', signal: 9, coreDumped: false },
      intent: 'none'
    });
    expect((await page.next('kernel/death')).params['verdict']).toMatchObject({ cause: 'killed-outside' });
  });

  it('is not given when the kernel itself died of the kill', async () => {
    await begin();
    app.observer.counter.oomKill += 1;
    app.observer.counter.limitHit += 1;
    app.observer.lost.set('a', [{ pid: 2000, name: 'python', memoryBytes: 900 * MIB }]);
    await app.pass(500);
    server.send('server/kernel-died', {
      kernel: kernel('a', busy),
      pid: 1000,
      atMs: app.clock.wallMs(),
      exit: { how: 'signal', signal: 9, coreDumped: false },
      intent: 'none'
    });
    await page.next('kernel/death');
    await app.pass(8000);
    expect(causes()).toEqual([]);
  });

  it('says that process starts are refused, to each kernel once a day, until none was for a minute', async () => {
    await begin();
    app.observer.processes = { current: 100, limit: 100 };
    app.observer.counter.pidsRefused += 3;
    await app.pass(1100);
    await next('too-many-processes', false);
    await app.pass(62_000, 1000);
    await next('too-many-processes', true);
    app.observer.counter.pidsRefused += 3;
    await app.pass(3000);
    expect(causes()).toHaveLength(2);
    await kernels([kernel('a'), kernel('b', { pid: 1001, ...busy })]);
    app.observer.counter.pidsRefused += 3;
    await app.pass(1100);
    const other = await page.wait(
      message => message.method === 'notice' && read(message).kernels[0]?.kernelId === 'b'
    );
    expect(read(other)).toMatchObject({ verdict: { cause: 'too-many-processes' }, over: false });
  });

  it('says that /dev/shm or the home is full, without flapping', async () => {
    await begin();
    const shm = { path: '/dev/shm', sizeBytes: 64 * MIB, usedBytes: 64 * MIB, freeBytes: 0 };
    app.observer.disk.shm = shm;
    await app.pass(1100);
    await next('shm-full', false);
    for (const usedBytes of [60 * MIB, 64 * MIB, 59 * MIB]) {
      app.observer.disk.shm = { ...shm, usedBytes, freeBytes: shm.sizeBytes - usedBytes };
      await app.pass(1100);
    }
    expect(causes()).toEqual(['shm-full']);
    app.observer.disk.shm = { ...shm, usedBytes: 0, freeBytes: shm.sizeBytes };
    await app.pass(1100);
    await next('shm-full', true);

    app.observer.disk.home = { path: '/home/r', sizeBytes: 1000 * MIB, usedBytes: 1000 * MIB, freeBytes: 0 };
    await app.pass(1100);
    await next('disk-full', false);
  });

  it('says that the home is full to another kernel that runs into it too, and to none that waits', async () => {
    await begin();
    app.observer.disk.home = { path: '/home/r', sizeBytes: 1000 * MIB, usedBytes: 1000 * MIB, freeBytes: 0 };
    await app.pass(1100);
    const first = read(await next('disk-full', false));
    await kernels([kernel('a'), kernel('b', { pid: 1001 })]);
    await app.pass(5000);
    expect(causes()).toEqual(['disk-full']);
    await kernels([kernel('a'), kernel('b', { pid: 1001, ...busy })]);
    await app.pass(2100);
    const second = await page.wait(
      message => message.method === 'notice' && read(message).kernels[0]?.kernelId === 'b'
    );
    expect(first.kernels[0]?.kernelId).toBe('a');
    expect(read(second).verdict.cause).toBe('disk-full');
  });

  it('says once a day that the CPU quota slows a running cell down, over restarts too', async () => {
    const throttle = async (): Promise<void> => {
      for (let i = 0; i < 90; i += 1) {
        const { periods, throttled } = app.observer.throttled ?? { periods: 0, throttled: 0 };
        app.observer.throttled = { periods: periods + 10, throttled: throttled + 9 };
        await app.pass(1000, 1000);
      }
    };
    await begin({ home: home.path, throttleMs: 60_000 });
    app.observer.quotaCores = 0.5;
    app.observer.runnable.set('a', 64);
    await throttle();
    const notice = read(await next('cpu-throttled', false));
    expect(notice.verdict.advice).toContainEqual({
      kind: 'set-threads',
      variable: 'OMP_NUM_THREADS',
      value: 1
    });
    await kernels([kernel('a')]);
    await app.pass(1100);
    await next('cpu-throttled', true);
    await app.stop('asked');

    await begin({ home: home.path, throttleMs: 60_000, boot: 'boot-2' });
    app.observer.quotaCores = 0.5;
    app.observer.runnable.set('a', 64);
    await throttle();
    expect(causes()).toEqual([]);
  });

  it('blames no threads of a cell of one thread, though its libraries have eighty, and looks only while it is held', async () => {
    await begin({ throttleMs: 60_000 });
    app.observer.quotaCores = 0.5;
    app.observer.runnable.set('a', 1);
    await app.pass(10_000, 1000);
    expect(app.observer.threadLooks).toBe(0);
    for (let i = 0; i < 90; i += 1) {
      const { periods, throttled } = app.observer.throttled ?? { periods: 0, throttled: 0 };
      app.observer.throttled = { periods: periods + 10, throttled: throttled + 9 };
      await app.pass(1000, 1000);
    }
    const { verdict } = read(await next('cpu-throttled', false));
    expect(verdict).toMatchObject({ confidence: 'medium', advice: [{ kind: 'bigger-tier' }] });
    expect(verdict.proofs).toContainEqual({ kind: 'threads', threads: 1, quotaCores: 0.5 });
    expect(app.observer.threadLooks).toBeGreaterThan(50);
  });

  it('is never given when notices are switched off', async () => {
    await begin({ disabled: ['notices'] });
    app.observer.counter.oomKill += 1;
    app.observer.lost.set('a', [{ pid: 2000, name: 'python', memoryBytes: 900 * MIB }]);
    app.observer.disk.shm = { path: '/dev/shm', sizeBytes: 64 * MIB, usedBytes: 64 * MIB, freeBytes: 0 };
    await app.pass(8000);
    expect(causes()).toEqual([]);
    const late = await app.page();
    expect((await late.next('notices')).params['notices']).toEqual([]);
  });
});
