import type { Machine } from '@labkeeper/protocol';
import { MACHINE, RunningApp } from './running-app.js';
import { kernel, MIB } from './scripted-observer.js';
import { get } from './wire.js';

describe('the sampler', () => {
  let app: RunningApp;
  afterEach(() => app.stop());
  const samplesIn = async (ms: number): Promise<{ full: number; memory: number }> => {
    const before = { full: app.observer.samples, memory: app.observer.memoryReads };
    await app.pass(ms);
    return { full: app.observer.samples - before.full, memory: app.observer.memoryReads - before.memory };
  };

  it('takes a sample every two seconds while nobody looks and nothing runs', async () => {
    app = await RunningApp.start();
    expect(await samplesIn(20_000)).toEqual({ full: 10, memory: 0 });
  });

  it('takes one a second for a visible page, and sends each once', async () => {
    app = await RunningApp.start();
    const page = await app.page();
    await app.pass(2000);
    const before = page.of('usage/sample').length;
    expect((await samplesIn(10_000)).full).toBe(10);
    await page.wait(() => page.of('usage/sample').length === before + 10);
  });

  it('watches memory often while a kernel runs and grows towards the limit', async () => {
    app = await RunningApp.start();
    const server = await app.server();
    server.send('server/kernels', { kernels: [kernel('a', { state: 'busy' })] });
    while (app.observer.kernels.length === 0) {
      await new Promise(setImmediate);
    }
    await app.pass(2000);
    const calm = await samplesIn(2000);
    app.observer.unreclaimableBytes = 1900 * MIB;
    await app.pass(1000);
    const near = await samplesIn(2000);
    expect(calm.memory).toBeGreaterThanOrEqual(5);
    expect(near.memory).toBeGreaterThanOrEqual(60);
  });

  it('watches memory as often beside a kernel that changes its state all the time', async () => {
    app = await RunningApp.start();
    const server = await app.server();
    const change = async (state: 'busy' | 'idle'): Promise<void> => {
      server.send('server/kernels', { kernels: [kernel('a', { state })] });
      while (app.observer.kernels[0]?.state !== state) {
        await new Promise(setImmediate);
      }
    };
    await change('busy');
    await app.pass(2000);
    const before = app.observer.memoryReads;
    for (let i = 0; i < 10; i += 1) {
      await change('idle');
      await app.pass(100);
      await change('busy');
      await app.pass(100);
    }
    expect(app.observer.memoryReads - before).toBeGreaterThanOrEqual(5);
  });

  it('looks at the processes often while memory runs towards the limit, and only then', async () => {
    app = await RunningApp.start();
    const server = await app.server();
    server.send('server/kernels', { kernels: [kernel('a', { state: 'busy' })] });
    while (app.observer.kernels.length === 0) {
      await new Promise(setImmediate);
    }
    app.observer.unreclaimableBytes = 1900 * MIB;
    await app.pass(3000);
    const still = await samplesIn(2000);
    const before = app.observer.samples;
    for (let i = 0; i < 20; i += 1) {
      app.observer.unreclaimableBytes += 5 * MIB;
      await app.pass(100);
    }
    expect(still.full).toBe(2);
    expect(app.observer.samples - before).toBeGreaterThanOrEqual(7);
    expect(app.observer.samples - before).toBeLessThanOrEqual(11);
  });

  it('goes on at its pace when the clock is set back, and history stays in order', async () => {
    app = await RunningApp.start();
    await app.page();
    await app.pass(5000);
    app.clock.stepWall(-3_600_000);
    expect((await samplesIn(5000)).full).toBe(5);
    const page = await app.page();
    const { recent } = (await page.next('usage/history')).params;
    const times =
      recent instanceof Object && 'atMs' in recent && Array.isArray(recent.atMs) ? recent.atMs : [];
    expect(times.length).toBeGreaterThan(8);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(times.at(-1)).toBeLessThanOrEqual(app.clock.wallMs());
  });

  it('shows a gap for the hour in which the laptop slept', async () => {
    app = await RunningApp.start();
    await app.page();
    await app.pass(5000);
    app.clock.stepWall(3_600_000);
    await app.pass(5000);
    const page = await app.page();
    const { recent } = (await page.next('usage/history')).params;
    expect(recent).toHaveProperty('unreclaimableBytes', expect.arrayContaining([null]));
  });

  it('protects the server, unless that is switched off', async () => {
    app = await RunningApp.start();
    expect(app.observer.protecting).toBe(true);
    await app.stop();
    app = await RunningApp.start({ disabled: ['oom-score'] });
    expect(app.observer.protecting).toBe(false);
  });

  it('sends no samples when the meter is switched off', async () => {
    app = await RunningApp.start({ disabled: ['meter'] });
    const page = await app.page();
    await app.pass(5000);
    const server = await app.server();
    server.send('server/kernels', { kernels: [kernel('a')] });
    await page.wait(
      message => message.method === 'kernels/changed' && page.of('kernels/changed').length === 2
    );
    expect(page.of('usage/sample')).toEqual([]);
    expect((await page.next('hello')).params).toMatchObject({ disabled: ['meter'] });
  });

  it('sends a sign of life every ten seconds when the meter is switched off', async () => {
    app = await RunningApp.start({ disabled: ['meter'] });
    const page = await app.page();
    await app.pass(32_000);
    await page.wait(() => page.of('kernels/changed').length === 4);
  });

  it('survives bad frames of the server extension, and says how many there were', async () => {
    app = await RunningApp.start();
    const server = await app.server();
    server.socket.send('nonsense');
    server.send('server/kernel-died', { kernel: null });
    server.send('server/from-the-future', {});
    server.send('server/kernels', { kernels: [kernel('<img src=x onerror=alert(1)>')] });
    while (app.observer.kernels.length === 0) {
      await new Promise(setImmediate);
    }
    expect((await get(app.socketPath, '/health')).body).toMatchObject({
      kernels: 1,
      serverConnected: true,
      frames: { server: { bad: 2, unknown: 1 } }
    });
  });

  it('closes a server extension of another protocol with a sentence', async () => {
    app = await RunningApp.start();
    const server = await app.server();
    server.send('hello', { protocol: 2 });
    expect(await server.closed).toEqual({
      code: 4409,
      reason: 'The server extension speaks protocol 2, the companion 1: restart the server.'
    });
  });
});

describe('what is known about the machine', () => {
  it('comes to a page again when it has been found out', async () => {
    let found: (machine: Machine) => void = () => undefined;
    const app = await RunningApp.start({
      readMachine: () => new Promise(resolve => (found = resolve))
    });
    try {
      const page = await app.page();
      const first = await page.next('hello');
      expect(first.params['machine']).toMatchObject({ cpuCores: 8, cpuModel: null });
      found({ ...MACHINE, cpuModel: 'Epyc' });
      const second = await page.wait(message => message.method === 'hello' && message !== first);
      expect(second.params['machine']).toMatchObject({ cpuCores: 8, cpuModel: 'Epyc' });
    } finally {
      await app.stop();
    }
  });

  it('is what Node says where the rest cannot be found out, and the log says so', async () => {
    const app = await RunningApp.start({ warnings: ['LABKEEPER_DISABLE names no part.'] });
    try {
      const page = await app.page();
      expect((await page.next('hello')).params['machine']).toMatchObject({ cpuCores: 8 });
      expect(app.logged).toEqual([
        'LABKEEPER_DISABLE names no part.',
        'The machine could not be described: not asked'
      ]);
    } finally {
      await app.stop();
    }
  });
});
