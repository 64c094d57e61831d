import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PollPace } from '@labkeeper/core';
import { HubClient } from '../../src/audit/hub-client.js';
import { HubTickets } from '../../src/audit/hub-tickets.js';
import { EventQueue } from '../../src/server-events/event-queue.js';
import { EventSender } from '../../src/server-events/event-sender.js';
import { TestHub } from '../audit/test-hub.js';
import { FakeClock } from '../fake-clock.js';
import { RunningApp } from '../running-app.js';
import { kernel } from '../scripted-observer.js';
import { scratch } from '../wire.js';
import { OutgoingLedger } from '../../src/outgoing/outgoing-ledger.js';

jest.setTimeout(30_000);

const saves = (count: number) =>
  ({
    kind: 'saves',
    ...{ id: randomUUID().replaceAll('-', ''), atMs: 1, count, worstAgeMs: null, notSafe: 0 }
  }) as const;

describe('events on their way', () => {
  let hub: TestHub;
  beforeEach(async () => void (hub = await TestHub.start()));
  afterEach(() => hub.stop());

  const heads = (): { first: number; count: number }[] =>
    hub.eventBatches.map(text => JSON.parse(text.split('\n')[0] ?? ''));

  it('are sent again as they were when no answer came, and dropped where the hub cannot read them', async () => {
    const clock = new FakeClock();
    const queue = new EventQueue(randomUUID(), null);
    const logged: string[] = [];
    const sender = new EventSender({
      ...{ queue, clock, log: line => logged.push(line), random: () => 0.5 },
      client: new HubClient(hub.url, () => 0, new OutgoingLedger(Date.now)),
      tickets: new HubTickets({
        client: new HubClient(hub.url, () => 0, new OutgoingLedger(Date.now)),
        token: 'secret',
        clock
      })
    });
    queue.add(saves(1));
    hub.fates.push('lost-answer');
    await sender.send();
    queue.add(saves(2));
    await sender.send();
    expect(hub.eventBatches.length).toBe(1);
    clock.advance(60_000);
    await sender.send();
    expect(heads()).toMatchObject([
      { first: 1, count: 1 },
      { first: 1, count: 1 },
      { first: 2, count: 1 }
    ]);
    expect(hub.eventBatches[0]).toBe(hub.eventBatches[1]);
    hub.fates.push('malformed');
    queue.add(saves(3));
    queue.add(saves(4));
    await sender.send();
    expect(queue.isEmpty).toBe(true);
    queue.add(saves(5));
    await sender.send();
    expect(heads().at(-1)).toMatchObject({ first: 5, count: 1 });
    expect(logged.length).toBe(1);
    for (let i = 0; i < 700; i++) {
      queue.add(saves(i));
    }
    await sender.send();
    expect(
      heads()
        .slice(-5)
        .map(({ count }) => count)
    ).toEqual([100, 100, 100, 100, 100]);
    sender.dispose();
  });

  it('wait as for a service that nobody reaches where nobody takes the connection', async () => {
    const failed = jest.spyOn(PollPace.prototype, 'failed');
    const clock = new FakeClock();
    const queue = new EventQueue(randomUUID(), null);
    const { url } = hub;
    await hub.stop();
    const client = (): HubClient => new HubClient(url, () => 0, new OutgoingLedger(Date.now));
    const sender = new EventSender({
      ...{ queue, clock, log: () => undefined, random: () => 0.5, client: client() },
      tickets: new HubTickets({ client: client(), token: 'secret', clock })
    });
    queue.add(saves(1));
    await sender.send();
    expect(failed.mock.calls).toEqual([['unreached', null]]);
    failed.mockRestore();
    sender.dispose();
  });

  it('bear numbers of their own after policy took the batch under way back', async () => {
    const clock = new FakeClock();
    const queue = new EventQueue(randomUUID(), null);
    const client = (): HubClient => new HubClient(hub.url, () => 0, new OutgoingLedger(Date.now));
    const sender = new EventSender({
      ...{ queue, clock, log: () => undefined, random: () => 0.5, client: client() },
      tickets: new HubTickets({ client: client(), token: 'secret', clock })
    });
    [1, 2, 3].forEach(count => queue.add(saves(count)));
    hub.fates.push('lost-answer');
    await sender.send();
    queue.clear();
    expect(queue.isEmpty).toBe(true);
    queue.add(saves(4));
    clock.advance(60_000);
    await sender.send();
    expect(heads()).toMatchObject([
      { first: 1, count: 3 },
      { first: 4, count: 1 }
    ]);
    sender.dispose();
  });

  it('tell the hub of a death of this server, and of none where deaths are switched off', async () => {
    hub.events = { send: true, errors: false };
    const home = scratch();
    const site = join(home.path, 'site-packages');
    mkdirSync(site);
    const sites = { prefix: null, python: null, folders: [site], userFolder: null, kernelFolders: [] };
    const clock = new FakeClock(Date.now());
    const audit = { serviceUrl: hub.url, token: 'secret', hub: 'west', image: 'lab:1', warnings: [], sites };
    const app = await RunningApp.start({ home: home.path, boot: randomUUID(), clock, audit });
    const server = await app.server();
    const page = await app.page();
    server.send('server/kernels', { kernels: [kernel('secret-kernel', { path: 'secret.ipynb' })] });
    await page.wait(({ method }) => method === 'kernels/changed');
    server.send('server/kernel-died', {
      kernel: kernel('secret-kernel', { path: 'secret.ipynb' }),
      ...{ pid: 1000, atMs: clock.wallMs(), intent: 'none' },
      exit: { how: 'signal', signal: 11, coreDumped: false }
    });
    await page.wait(({ method }) => method === 'kernel/death');
    const deadline = performance.now() + 20_000;
    while (!hub.eventBatches.some(text => text.includes('"death"')) && performance.now() < deadline) {
      await app.pass(1000);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    const text = hub.eventBatches.join('');
    expect(text).toContain('"cause":"segfault"');
    expect(text).toContain('"image":"lab:1"');
    expect(text).not.toContain('secret');
    await app.stop();
    home.remove();
  });
});
