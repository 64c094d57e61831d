import * as v from 'valibot';
import { Death, deathSeen } from '@labkeeper/protocol';
import { parseParams } from '@labkeeper/protocol';
import { RunningApp } from './running-app.js';
import { kernel, MIB } from './scripted-observer.js';
import type { Client, IMessage } from './wire.js';

const GIB = 1024 * MIB;
const busy = { state: 'busy', stateSinceMs: Date.UTC(2026, 10, 24, 13, 59, 0) };
const KILLED = { how: 'signal', signal: 9, coreDumped: false } as const;

const read = (message: IMessage): Death => parseParams(deathSeen, message.params);
const deathOf = async (page: Client, kernelId: string): Promise<Death> =>
  read(
    await page.wait(
      message => message.method === 'kernel/death' && read(message).evidence.kernel.kernelId === kernelId
    )
  );

describe('a death', () => {
  let app: RunningApp;
  let page: Client;
  let server: Client;

  beforeEach(async () => {
    app = await RunningApp.start();
    page = await app.page();
    server = await app.server();
    server.send('server/kernels', {
      kernels: [kernel('a', busy), kernel('b', { pid: 1001 }), kernel('c', { pid: 1002 })]
    });
    await page.wait(message => message.method === 'kernels/changed' && app.observer.kernels.length === 3);
    await app.pass(5000);
  });
  afterEach(() => app.stop());

  const die = (kernelId: string, more: object = {}): void =>
    server.send('server/kernel-died', {
      kernel: kernel(kernelId, kernelId === 'a' ? busy : {}),
      pid: 1000,
      atMs: app.clock.wallMs(),
      exit: KILLED,
      intent: 'none',
      ...more
    });
  const killedByLimit = (kernelId: string): void => {
    app.observer.counter = { ...app.observer.counter };
    app.observer.counter.oomKill += 1;
    app.observer.counter.machineOomKill += 1;
    app.observer.counter.limitHit += 1;
    die(kernelId);
  };

  it('by the memory limit is told at once, with the proof', async () => {
    app.observer.unreclaimableBytes = 2000 * MIB;
    app.observer.kernelBytes.set('a', 1600 * MIB);
    await app.pass(1100);
    app.observer.unreclaimableBytes = 300 * MIB;
    const sentMs = performance.now();
    killedByLimit('a');
    const death = await deathOf(page, 'a');
    expect(performance.now() - sentMs).toBeLessThan(100);
    expect(death.verdict).toMatchObject({ cause: 'memory-limit', confidence: 'certain', memory: 'yes' });
    expect(death.verdict.heldBytes).toBe(1748 * MIB);
    expect(death.consequence).toBe('pending');
    expect(death.evidence).toMatchObject({
      busyForMs: expect.any(Number),
      before: { oomKill: 0, limitHit: 0 },
      after: { oomKill: 1, limitHit: 1 },
      limitBytes: 2 * GIB,
      series: 1
    });
    expect(death.evidence.memoryBefore?.unreclaimableBytes).toBe(2000 * MIB);
    expect(Math.max(...death.evidence.recentBytes)).toBe(2000 * MIB);
    expect(death.evidence.otherKernels.map(other => other.kernelId)).toEqual(['b', 'c']);
    expect(v.is(Death, death)).toBe(true);
  });

  it('is corrected when the pages of the dead are given back a moment later', async () => {
    app.observer.unreclaimableBytes = 2 * GIB;
    await app.pass(1100);
    killedByLimit('a');
    const first = await deathOf(page, 'a');
    app.observer.unreclaimableBytes = 0.5 * GIB;
    app.clock.advance(200);
    const better = read(
      await page.wait(
        message =>
          message.method === 'kernel/death' && read(message).verdict.heldBytes !== first.verdict.heldBytes
      )
    );
    expect(better.id).toBe(first.id);
    expect(better.verdict.heldBytes).toBe(1.5 * GIB);
  });

  it('is not given what another kernel held that was killed right after it', async () => {
    app.observer.unreclaimableBytes = 2 * GIB;
    await app.pass(1100);
    killedByLimit('a');
    const first = await deathOf(page, 'a');
    // The other one's memory is free before anybody tells of its end.
    app.observer.unreclaimableBytes = 200 * MIB;
    app.observer.counter.oomKill += 1;
    app.observer.counter.machineOomKill += 1;
    await app.pass(300);
    die('b');
    await deathOf(page, 'b');
    const news = await page.wait(
      message =>
        message.method === 'kernel/death' &&
        read(message).id === first.id &&
        read(message).evidence.diedTogether.includes('b')
    );
    expect(read(news).verdict.heldBytes).toBe(first.verdict.heldBytes);
  });

  it('gets news when the server restarts the kernel or gives up', async () => {
    die('a');
    const { id } = await deathOf(page, 'a');
    for (const fate of ['restarting', 'restarted', 'gave-up']) {
      server.send('server/kernel-fate', { kernelId: 'a', fate, startFailure: null });
      await page.wait(message => message.params['id'] === id && message.params['consequence'] === fate);
    }
    const late = await app.page();
    expect((await late.next('kernel/deaths')).params['deaths']).toMatchObject([
      { id, consequence: 'gave-up' }
    ]);
  });

  it('in a row within 10 seconds is counted as a series', async () => {
    for (const series of [1, 2, 3]) {
      die('a', { pid: 2000 + series });
      await page.wait(
        message => message.method === 'kernel/death' && read(message).evidence.series === series
      );
      await app.pass(3000);
    }
    await app.pass(11_000);
    die('a', { pid: 3000 });
    await page.wait(
      message =>
        message.method === 'kernel/death' &&
        String(message.params['id']).startsWith('a.3000') &&
        read(message).evidence.series === 1
    );
  });

  it('of three kernels in one shortage needs three kills, and each death knows the others', async () => {
    app.observer.unreclaimableBytes = 2 * GIB;
    await app.pass(1100);
    // All three were killed before the first of them was seen.
    app.observer.counter = { oomKill: 3, machineOomKill: 3, limitHit: 3, oomGroupKill: 0, pidsRefused: 0 };
    for (const id of ['a', 'b', 'c']) {
      die(id);
      expect((await deathOf(page, id)).verdict.cause).toBe('memory-limit');
    }
    const news = await page.wait(
      message =>
        message.method === 'kernel/death' &&
        read(message).evidence.kernel.kernelId === 'a' &&
        read(message).evidence.diedTogether.length === 2
    );
    expect(read(news).evidence.diedTogether).toEqual(['b', 'c']);
  });

  it('by hand right after a memory death is not blamed on memory', async () => {
    app.observer.unreclaimableBytes = 2 * GIB;
    await app.pass(1100);
    killedByLimit('a');
    await deathOf(page, 'a');
    app.clock.advance(300);
    die('b');
    expect((await deathOf(page, 'b')).verdict.cause).toBe('killed-outside');
  });

  it('is explained although the counter was read between the kill and the news of the death', async () => {
    app.observer.unreclaimableBytes = 2 * GIB;
    await app.pass(1100);
    app.observer.counter = { oomKill: 1, machineOomKill: 1, limitHit: 1, oomGroupKill: 0, pidsRefused: 0 };
    await app.pass(1100);
    die('a');
    expect((await deathOf(page, 'a')).verdict.cause).toBe('memory-limit');
  });

  it.each(['restart', 'shutdown', 'cull', 'server-stop'])(
    'that was asked for (%s) is not told',
    async intent => {
      die('a', { intent });
      server.send('server/kernel-fate', { kernelId: 'a', fate: 'restarting', startFailure: null });
      die('b');
      await deathOf(page, 'b');
      expect(page.of('kernel/death').map(message => read(message).evidence.kernel.kernelId)).toEqual(['b']);
    }
  );

  it('is not told once the server said that it stops', async () => {
    server.send('server/stopping', { atMs: app.clock.wallMs() });
    die('a');
    server.send('server/kernels', { kernels: [] });
    await page.wait(message => message.method === 'kernels/changed' && app.observer.kernels.length === 0);
    expect(page.of('kernel/death')).toEqual([]);
  });

  it('that the server tells again after a reconnection is one death', async () => {
    const atMs = app.clock.wallMs();
    die('a', { atMs });
    await deathOf(page, 'a');
    die('a', { atMs });
    die('b');
    await deathOf(page, 'b');
    expect(page.of('kernel/death')).toHaveLength(2);
  });

  it('of a kernel that runs elsewhere is said to be elsewhere, never guessed', async () => {
    server.send('server/kernels', { kernels: [kernel('far', { pid: null })] });
    server.send('server/kernel-fate', { kernelId: 'far', fate: 'restarting', startFailure: null });
    const death = await deathOf(page, 'far');
    expect(death).toMatchObject({ consequence: 'restarting', verdict: { cause: 'runs-elsewhere' } });
  });

  it('at the start comes with the reason, as one death', async () => {
    die('a', { exit: { how: 'code', code: 1 } });
    const { id } = await deathOf(page, 'a');
    server.send('server/kernel-start-failed', {
      kernel: kernel('a'),
      atMs: app.clock.wallMs(),
      exit: { how: 'code', code: 1 },
      startFailure: {
        message: 'it ended',
        stderrTail: "ModuleNotFoundError: No module named 'ipykernel_launcher'"
      }
    });
    const news = read(
      await page.wait(
        message => message.method === 'kernel/death' && read(message).verdict.cause === 'start-failed'
      )
    );
    expect(news).toMatchObject({ id, consequence: 'pending' });
    expect(news.verdict.proofs).toContainEqual({ kind: 'ended-first', cause: 'exited' });
  });

  it('at the start is taken back once the kernel is up after all', async () => {
    die('a');
    const { id } = await deathOf(page, 'a');
    const startFailure = { message: 'Address already in use', stderrTail: '' };
    const failure = { kernel: kernel('a'), atMs: app.clock.wallMs(), exit: { how: 'code', code: 1 } };
    server.send('server/kernel-start-failed', { ...failure, startFailure });
    const news = (cause: string) =>
      page.wait(
        message =>
          message.method === 'kernel/death' &&
          read(message).verdict.cause === cause &&
          (cause !== 'killed-outside' || read(message).consequence === 'restarted')
      );
    expect(read(await news('start-failed')).id).toBe(id);
    app.clock.advance(500);
    server.send('server/kernels', {
      kernels: [kernel('a', { pid: 1001, state: 'idle', stateSinceMs: app.clock.wallMs() })]
    });
    expect(read(await news('killed-outside'))).toMatchObject({ id, evidence: { startFailure: null } });
  });

  it('reaches a hidden page too, and a page that comes later', async () => {
    const hidden = await app.page({ protocol: 1, build: 'test', client: 'lab', visible: false });
    die('a');
    const { id } = await deathOf(hidden, 'a');
    const late = await app.page();
    expect((await late.next('kernel/deaths')).params['deaths']).toMatchObject([{ id }]);
  });

  it('with counters that went back is unknown to memory, and nothing breaks', async () => {
    app.observer.counter = { oomKill: 5, machineOomKill: 5, limitHit: 5, oomGroupKill: 0, pidsRefused: 0 };
    await app.pass(8000);
    app.observer.counter = { oomKill: 0, machineOomKill: 0, limitHit: 0, oomGroupKill: 0, pidsRefused: 0 };
    await app.pass(3000);
    die('a');
    expect((await deathOf(page, 'a')).verdict.cause).toBe('killed-outside');
  });
});

describe('with deaths switched off', () => {
  it('no death is told, samples still are', async () => {
    const app = await RunningApp.start({ disabled: ['deaths'] });
    const page = await app.page();
    const server = await app.server();
    server.send('server/kernels', { kernels: [kernel('a')] });
    server.send('server/kernel-died', {
      kernel: kernel('a'),
      pid: 1000,
      atMs: app.clock.wallMs(),
      exit: KILLED,
      intent: 'none'
    });
    server.send('server/kernels', { kernels: [] });
    await page.wait(
      message => message.method === 'kernels/changed' && page.of('kernels/changed').length === 3
    );
    await app.pass(2000);
    await page.next('usage/sample');
    expect(page.of('kernel/death')).toEqual([]);
    await app.stop();
  });
});
