import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { Death, Sample } from '@labkeeper/protocol';
import { createFrontDoor } from '../src/link/front-door.js';
import { listenOnSocket } from '../src/link/listen.js';
import { SaveGuard } from '../src/save/save-guard.js';
import { BLOCKED_BYTES, GIVE_UP_MS } from '../src/link/page-link.js';
import { Pages } from '../src/link/pages.js';
import { death } from './death.js';
import { FakeClock } from './fake-clock.js';
import { kernel, ScriptedObserver } from './scripted-observer.js';
import { Client, get, PAGE_HELLO, raw, scratch } from './wire.js';

describe('the link to pages', () => {
  const folder = scratch();
  const path = join(folder.path, 'companion.sock');
  const clock = new FakeClock();
  const counts = { bad: 0, unknown: 0 };
  const visible: number[] = [];
  const known: Death[] = [];
  const empty = {
    stepMs: 1000,
    atMs: [],
    unreclaimableBytes: [],
    cacheBytes: [],
    cpuCores: [],
    throttledShare: []
  };
  const pages = new Pages({
    clock,
    counts,
    guard: new SaveGuard({
      home: null,
      serverName: '',
      serverPid: null,
      boot: 'boot',
      clock,
      log: () => undefined,
      procRoot: '/proc',
      recoveryProgram: null
    }),
    join: () => () => undefined,
    badFrame: () => undefined,
    greeted: () => undefined,
    visibleChanged: count => visible.push(count),
    state: {
      hello: () => ({
        protocol: 1,
        build: 'test',
        disabled: [],
        machine: { hostname: 'h', platform: 'linux', cpuModel: null, cpuCores: 2, memoryBytes: null },
        runbookUrl: null,
        serverName: '',
        boot: 'boot'
      }),
      kernels: () => [kernel('a')],
      deaths: () => known,
      notices: () => [],
      reclaims: () => [],
      losses: () => [],
      receipt: () => null,
      audit: () => ({ mode: 'off', problem: null, waiting: 0, receipt: null, connectedSinceMs: null }),
      history: () => ({ recent: empty, day: empty })
    }
  });
  let server: Server;
  const clients: Client[] = [];

  beforeAll(async () => {
    server = createFrontDoor({
      reclaim: null,
      health: () => ({ fine: true }),
      acceptPage: socket => pages.accept(socket),
      acceptServer: socket => socket.close()
    });
    await listenOnSocket(server, path);
  });
  afterEach(async () => {
    await Promise.all(
      clients.splice(0).map(client => {
        client.socket.terminate();
        return client.closed;
      })
    );
    // The companion notices the end of each page.
    while (pages.count > 0) {
      await new Promise(setImmediate);
    }
  });
  afterAll(() => {
    server.close();
    folder.remove();
  });

  const page = async (hello: object | null = PAGE_HELLO): Promise<Client> => {
    const client = await new Client(path, '/lab').opened();
    clients.push(client);
    if (hello) {
      client.send('hello', hello);
    }
    return client;
  };
  /** A message that comes after all that the companion sent before. */
  const settled = async (client: Client): Promise<void> => {
    const id = `mark-${Math.random()}`;
    pages.death(death(id));
    await client.wait(message => message.params['id'] === id);
  };
  const sample = (): Sample => new ScriptedObserver().sample(clock.wallMs());

  it('answers GET /health in JSON, anything else with 404 in JSON', async () => {
    expect(await get(path, '/health')).toEqual({ status: 200, body: { fine: true } });
    expect((await get(path, '/')).status).toBe(404);
    expect((await get(path, '/lab')).body).toHaveProperty('code', 'unknown-method');
    const upgrade =
      'GET /else HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    expect(await raw(path, upgrade)).toContain('404 Not Found');
  });

  it('tells a new page hello, kernels, deaths, both kinds of notices and, when it said hello, history and journal, in this order', async () => {
    const client = await page(null);
    await client.next('reclaim/known');
    // What is sampled while the page loads is in the history that it gets.
    pages.sample(sample());
    client.send('hello', PAGE_HELLO);
    await client.next('save/session');
    expect(client.received.map(message => message.method)).toEqual([
      'hello',
      'kernels/changed',
      'kernel/deaths',
      'notices',
      'reclaim/known',
      'reclaim/kernels',
      'reclaim/receipt',
      'audit/state',
      'usage/history',
      'save/journal-state',
      'save/recoveries',
      'save/session'
    ]);
  });

  it('sends samples to visible pages only, deaths to all, and history to a page that comes back', async () => {
    const client = await page({ ...PAGE_HELLO, visible: false });
    await client.next('notices');
    pages.sample(sample());
    await settled(client);
    expect(client.of('usage/sample')).toHaveLength(0);
    expect(client.of('usage/history')).toHaveLength(0);

    client.send('page/visibility', { visible: true });
    await client.next('usage/history');
    pages.sample(sample());
    await client.next('usage/sample');
    expect(visible.at(-1)).toBe(1);

    client.send('page/visibility', { visible: false });
    while (pages.visible > 0) {
      await new Promise(setImmediate);
    }
    pages.sample(sample());
    await settled(client);
    expect(client.of('usage/sample')).toHaveLength(1);
  });

  it('closes a page of another protocol with one sentence that says what to do', async () => {
    const old = await page({ ...PAGE_HELLO, protocol: 0 });
    expect(await old.closed).toEqual({
      code: 4409,
      reason: 'This page is older than the Labkeeper on the server: reload the page.'
    });
    const future = await page({ protocol: 99, greeting: 'from the future' });
    expect(await future.closed).toEqual({
      code: 4409,
      reason: 'This page is newer than the Labkeeper on the server: restart the server.'
    });
  });

  it('survives 10 000 random frames, and closes who sends them', async () => {
    const before = counts.bad;
    for (let sent = 0; sent < 10_000;) {
      const client = await page(null);
      while (client.socket.readyState === client.socket.OPEN && sent < 10_000) {
        const bytes = randomBytes(1 + (sent % 200));
        client.socket.send(sent % 2 ? bytes : bytes.toString('latin1'), { binary: sent % 4 === 1 });
        sent += 1;
        if (sent % 50 === 0) {
          await new Promise(setImmediate);
        }
      }
      const { code } = await client.closed;
      // 1007: text that is no UTF-8, found by ws before it is a message.
      expect([1007, 1008]).toContain(code);
    }
    expect(counts.bad).toBeGreaterThan(before + 100);
    await (await page()).next('usage/history');
  });

  it('refuses a frame of 100 MB with close code 1009, and goes on', async () => {
    const client = await page();
    await client.next('usage/history');
    client.socket.send(Buffer.alloc(100 * 1024 * 1024, 0x20), { binary: false });
    const { code } = await client.closed;
    expect(code).toBe(1009);
    await (await page()).next('usage/history');
  });

  it('skips samples of a page that does not read, keeps the newest of each death, and sends it later', async () => {
    const client = await page();
    await client.next('usage/history');
    while (pages.visible === 0) {
      await new Promise(setImmediate);
    }
    client.socket.pause();
    const before = client.of('usage/sample').length;
    let most = 0;
    const text = sample();
    for (let i = 0; i < 50_000; i += 1) {
      pages.sample(text);
      most = Math.max(most, pages.waitingBytes);
      if (i % 500 === 0) {
        await new Promise(setImmediate);
      }
    }
    expect(most).toBeGreaterThan(BLOCKED_BYTES);
    expect(most).toBeLessThan(BLOCKED_BYTES + 64 * 1024);
    for (let i = 0; i < 1000; i += 1) {
      pages.death({ ...death('same'), atMs: i });
    }
    expect(pages.waitingBytes).toBeLessThan(BLOCKED_BYTES + 64 * 1024);
    client.socket.resume();
    const late = await client.wait(message => message.params['id'] === 'same');
    expect(late.params['atMs']).toBe(999);
    expect(client.of('kernel/death').filter(message => message.params['id'] === 'same')).toHaveLength(1);
    expect(client.of('usage/sample').length - before).toBeLessThan(5000);
  });

  it('lets a page go that reads nothing for a minute, however little more than the bound waits', async () => {
    const client = await page();
    await client.next('usage/history');
    while (pages.visible === 0) {
      await new Promise(setImmediate);
    }
    client.socket.pause();
    const text = sample();
    for (let quiet = 0; quiet < 5; quiet += pages.waitingBytes > BLOCKED_BYTES ? 1 : 0) {
      pages.sample(text);
      if (pages.waitingBytes > BLOCKED_BYTES) {
        await new Promise(setImmediate);
      }
    }
    expect(pages.waitingBytes).toBeLessThan(2 * BLOCKED_BYTES);
    const before = pages.count;
    clock.advance(GIVE_UP_MS);
    for (let turn = 0; turn < 1000 && pages.count === before; turn += 1) {
      await new Promise(setImmediate);
    }
    expect(pages.count).toBe(before - 1);
  });

  it('lets a page go that reads nothing for a minute while much waits', async () => {
    known.splice(0, known.length, ...Array.from({ length: 1500 }, (_, i) => death(`d${i}`)));
    const client = new Client(path, '/lab');
    clients.push(client);
    const [request] = await once(client.socket, 'upgrade');
    request.socket.pause();
    while (pages.count === 0) {
      await new Promise(setImmediate);
    }
    known.length = 0;
    pages.death(death('wakes'));
    expect(pages.waitingBytes).toBeGreaterThan(1024 * 1024);
    clock.advance(GIVE_UP_MS - 1);
    expect(pages.count).toBe(1);
    clock.advance(1);
    while (pages.count > 0) {
      await new Promise(setImmediate);
    }
  });
});
