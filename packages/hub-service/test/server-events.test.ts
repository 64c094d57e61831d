import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HUB_PATHS, ServerEventsAnswer, type ServerEvent } from '@labkeeper/protocol';
import { serverKey } from '../src/hub-api/running-servers-api.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlServerEventReader } from '../src/store/sql-server-event-reader.js';
import { SqlServerEvents } from '../src/store/sql-server-events.js';
import { openDatabase, type DatabaseKind } from '../src/store/database.js';
import { keepFurtherHubs } from '../src/store/further-hubs.js';
import type { IServerRun } from '../src/store/server-events.js';
import { eventDetail } from '../src/pages/event-words.js';
import { json, refusal } from './support/answers.js';
import { startService, type IRunningService } from './support/running-service.js';
import { asFirstVersion } from './support/first-version.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchFolder } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;
const id = (): string => randomUUID().replaceAll('-', '');

function death(change: Partial<ServerEvent & { kind: 'death' }> = {}): ServerEvent {
  return {
    kind: 'death',
    id: id(),
    atMs: Date.now() - 1000,
    cause: 'memory-limit',
    confidence: 'certain',
    memory: 'yes',
    consequence: 'restarted',
    signal: 9,
    exitCode: null,
    heldBytes: 2e9,
    unreclaimableBytes: 2e9,
    limitBytes: 2_147_483_648,
    ...change
  };
}

const hours = (kernelMs: number, atMs = Date.now()): ServerEvent => ({
  kind: 'kernels',
  ...{ id: id(), atMs, started: 1, kernelMs, unsentRecords: 0 }
});

function body(boot: string, first: number, events: readonly unknown[], image: string | null = null): string {
  const head = { protocol: 1, boot, first, count: events.length, image };
  return [head, ...events].map(line => `${JSON.stringify(line)}\n`).join('');
}

describe.each<DatabaseKind>(['sqlite', 'postgres'])('events of servers on %s', kind => {
  let service: IRunningService;
  let reader: SqlServerEventReader;
  let policy: { readonly path: string; remove(): void };
  const runs = new Map<string, IServerRun>();
  /** By so much the service's clock is ahead: what was read is old. */
  let aheadMs = 0;

  beforeEach(async () => {
    policy = scratchFolder();
    runs.clear();
    const file = join(policy.path, 'labkeeper.toml');
    writeFileSync(file, '');
    service = await startService(
      kind,
      {
        lookMs: { usual: 20, settling: 10 },
        monotonicMs: () => performance.now() + aheadMs,
        serverRuns: { all: () => Promise.resolve(new Map(runs)) }
      },
      file
    );
    reader = new SqlServerEventReader(service.database);
  });
  afterEach(async () => {
    await service.close();
    policy.remove();
  });

  const send = (ticket: string, text: string): Promise<Response> =>
    fetch(`${service.url}${HUB_PATHS.serverEvents}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ticket}`, 'content-type': 'application/x-ndjson' },
      body: text
    });
  const seq = async (ticket: string, text: string): Promise<number> =>
    (await json(ServerEventsAnswer, await send(ticket, text))).seq;
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${service.url}metrics`)).text();
    const line = text.split('\n').find(each => each.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  };

  it('stores each event once, and counts it, however often it is sent', async () => {
    const ticket = await service.ticket('alice');
    const [boot, first, second] = [randomUUID(), death(), death({ cause: 'segfault', signal: 11 })];
    const batch = body(boot, 1, [first, hours(7_200_000)]);
    expect([await seq(ticket, batch), await seq(ticket, batch)]).toEqual([2, 2]);
    expect(await seq(ticket, body(boot, 3, [second]))).toBe(3);
    // The companion began anew and tells what it is not sure of.
    expect(await seq(ticket, body(randomUUID(), 1, [first, second]))).toBe(2);
    const rows = await reader.deaths({ fromMs: 0 }, null, 10);
    expect(rows.map(({ user, event }) => [user, event])).toEqual([
      ['alice', second],
      ['alice', first]
    ]);
    expect(await metric('labkeeper_kernel_deaths_total{cause="memory-limit"}')).toBe(1);
    expect(await metric('labkeeper_kernel_hours_total')).toBe(2);
    expect(await metric('labkeeper_kernel_starts_total')).toBe(1);
  });

  it('knows from the spawner alone where a server ran, also when a death is told after it has moved', async () => {
    const [bob, startedAtMs] = [await service.ticket('bob'), Date.now() - 100_000];
    runs.set(serverKey('bob', ''), { startedAtMs, node: 'node-a', image: 'lab:1' });
    await seq(bob, body(randomUUID(), 1, [death({ atMs: startedAtMs + 1000 })], 'mine:9'));
    runs.set(serverKey('bob', ''), { startedAtMs: startedAtMs + 60_000, node: 'node-b', image: null });
    aheadMs += 10_000;
    const late = [death({ atMs: startedAtMs + 2000 }), death({ atMs: startedAtMs + 80_000 })];
    await seq(bob, body(randomUUID(), 1, late, 'mine:9'));
    const rows = await reader.deaths({ fromMs: 0 }, null, 10);
    expect(rows.map(({ node, image }) => [node, image])).toEqual([
      ['node-b', 'mine:9'],
      ['node-a', 'lab:1'],
      ['node-a', 'lab:1']
    ]);
    expect(await metric('labkeeper_node_kernel_deaths_total{node="node-a"}')).toBe(2);
    expect((await reader.deaths({ fromMs: 0, node: 'node-b' }, null, 10)).length).toBe(1);
  });

  it('takes no numbers that no server has, and sums that grow too large stop no other server', async () => {
    const liar = await service.ticket('liar');
    expect(await seq(liar, body(randomUUID(), 1, [hours(2 ** 53 - 1)]))).toBe(1);
    expect(await service.database.read.selectFrom('kernel_time').selectAll().execute()).toEqual([]);
    await seq(liar, body(randomUUID(), 1, [hours(1e11)]));
    await service.database.write.updateTable('kernel_time').set({ kernel_ms: 1e13, started: 1e9 }).execute();
    const ticket = await service.ticket('ann');
    expect(await seq(ticket, body(randomUUID(), 1, [hours(1e11), death()]))).toBe(2);
    expect(await service.database.read.selectFrom('kernel_time').selectAll().execute()).toMatchObject([
      { kernel_ms: 1e13, started: 1e9 }
    ]);
    expect(await reader.rates({ fromMs: 0 }, 'node', 10)).toMatchObject([{ deaths: 1 }]);
    expect(await metric('labkeeper_kernel_hours_total')).toBeLessThan(1e6);
  });

  it('gives rates per day, node and image, and lists of a group or a person', async () => {
    const today = Math.floor(Date.now() / DAY_MS);
    for (const [user, node, deaths, kernelMs] of [
      ['ann', 'node-a', 3, 36_000_000],
      ['ben', 'node-b', 0, 7_200_000]
    ] as const) {
      const [ticket, startedAtMs] = [await service.ticket(user, '', [`${user}s`]), Date.now() - 50_000];
      runs.set(serverKey(user, ''), { startedAtMs, node, image: 'lab:1' });
      const events = [...Array.from({ length: deaths }, () => death()), hours(kernelMs)];
      await seq(ticket, body(randomUUID(), 1, events));
      aheadMs += 10_000;
    }
    const all = { fromMs: Date.now() - DAY_MS };
    expect(await reader.rates(all, 'day', 10)).toContainEqual({
      of: String(today),
      deaths: 3,
      kernelHours: 12
    });
    expect(await reader.rates(all, 'node', 10)).toEqual([
      { of: 'node-a', deaths: 3, kernelHours: 10 },
      { of: 'node-b', deaths: 0, kernelHours: 2 }
    ]);
    expect(await reader.rates(all, 'image', 1)).toEqual([{ of: 'lab:1', deaths: 3, kernelHours: 12 }]);
    expect(await reader.rates({ ...all, groups: ['anns'] }, 'node', 10)).toEqual([
      { of: 'node-a', deaths: 3, kernelHours: null }
    ]);
    expect(await reader.deaths({ ...all, groups: ['bens'] }, null, 10)).toEqual([]);
    expect((await reader.ofPerson('hub', 'ann', null, 2)).length).toBe(2);
    expect((await reader.ofPerson('hub', 'ann', ['anns'], 9)).length).toBe(3);
    expect(await reader.ofPerson('hub', 'ann', ['bens'], 9)).toEqual([]);
    expect(await reader.ofPerson('south', 'ann', null, 9)).toEqual([]);
    const [newest] = await reader.deaths(all, null, 1);
    expect((await reader.deaths(all, newest?.id ?? null, 10)).length).toBe(2);
  });

  it('obeys policy: errors are taken only where it asks for them, and nothing where it says so', async () => {
    const ticket = await service.ticket('alice');
    const error = { kind: 'errors', id: id(), atMs: Date.now(), class: 'KeyError', module: null, count: 3 };
    await seq(ticket, body(randomUUID(), 1, [error]));
    expect(await metric('labkeeper_errors_total{class="KeyError"}')).toBeNaN();
    const file = join(policy.path, 'labkeeper.toml');
    const inForce = async (errors: boolean | undefined, send: boolean | undefined): Promise<void> => {
      for (;;) {
        const { events } = service.app.policy.active.policy;
        if (events?.errors === errors && events?.send === send) {
          return;
        }
        await new Promise(resolve => setTimeout(resolve, 10));
      }
    };
    writeFileSync(file, '[events]\nerrors = true\n');
    await inForce(true, true);
    await seq(ticket, body(randomUUID(), 1, [{ ...error, id: id() }]));
    expect(await metric('labkeeper_errors_total{class="KeyError"}')).toBe(3);
    writeFileSync(file, '[events]\nsend = false\n');
    await inForce(false, false);
    expect(await seq(ticket, body(randomUUID(), 1, [death()]))).toBe(1);
    expect(await reader.deaths({ fromMs: 0 }, null, 10)).toEqual([]);
  });

  it('takes nothing that is no batch, and lets one odd event not hold up the others', async () => {
    const ticket = await service.ticket('alice');
    expect(await refusal(await send('x', body(randomUUID(), 1, [death()])))).toEqual([401, 'ticket']);
    for (const text of ['', 'x', '{}\n', body(randomUUID(), 1, [death()]).slice(0, -1), '\n\n', '[[[[[[\n']) {
      expect(await refusal(await send(ticket, text))).toEqual([400, 'malformed']);
    }
    expect(await refusal(await send(ticket, `${'x'.repeat(70_000)}\n`))).toEqual([413, 'too-large']);
    const odd = [
      { kind: 'later', what: 1 },
      { ...death(), path: '/home/alice/secret.ipynb' },
      { ...death(), cause: 'no such cause' },
      death({ atMs: Date.now() + 365 * DAY_MS })
    ];
    expect(await seq(ticket, body(randomUUID(), 1, odd))).toBe(4);
    const rows = await reader.deaths({ fromMs: 0 }, null, 10);
    expect(rows.map(({ event }) => event?.kind === 'death' && event.cause)).toEqual([
      'memory-limit',
      'unknown'
    ]);
    expect(rows.every(({ atMs }) => atMs <= Date.now())).toBe(true);
    expect(await metric('labkeeper_events_unreadable_total')).toBe(2);
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) {
      statuses.push((await send(ticket, body(randomUUID(), 1, [hours(1)]))).status);
    }
    expect(statuses).toContain(429);
  });

  it('keeps that events are missing beside those of the person, and counts it', async () => {
    const [ticket, atMs] = [await service.ticket('alice'), Date.now() - 1000];
    const lost = { kind: 'lost', id: id(), atMs, why: 'full', sinceMs: atMs - 5000, count: 120 };
    const unknown = { ...lost, id: id(), why: 'damaged', sinceMs: null, count: null };
    const batch = body(randomUUID(), 1, [lost, unknown]);
    expect([await seq(ticket, batch), await seq(ticket, batch)]).toEqual([2, 2]);
    const rows = await reader.ofPerson('hub', 'alice', null, 9);
    expect(rows.map(({ event }) => event)).toEqual(expect.arrayContaining([lost, unknown]));
    expect(rows.map(({ event }) => event && eventDetail(event)).sort()).toEqual([
      `120, more than a server keeps while the hub is away, from ${new Date(atMs - 5000).toISOString()} on`,
      'nobody knows how many, what the server kept of them was damaged'
    ]);
    expect(await metric('labkeeper_events_lost_total{why="full"}')).toBe(120);
    expect(await metric('labkeeper_events_lost_total{why="damaged"}')).toBe(1);
  });

  it('deletes what is over but for people under a hold, and all of who is erased', async () => {
    const [ann, ben] = [await service.ticket('ann'), await service.ticket('ben')];
    for (const ticket of [ann, ben]) {
      await seq(ticket, body(randomUUID(), 1, [death(), hours(1000)]));
    }
    const legal = new SqlLegal(service.database, () => Date.now());
    const actor = { hub: 'hub', by: 'root', reason: 'case' };
    await legal.hold(actor, 'ann', null);
    const writer = new SqlServerEvents(service.database, () => Date.now());
    expect(await writer.purge(Date.now() - DAY_MS)).toBe(0);
    expect(await writer.purge(Date.now() + 1)).toBe(1);
    expect((await reader.deaths({ fromMs: 0 }, null, 10)).map(({ user }) => user)).toEqual(['ann']);
    const [hold] = await legal.holds();
    await legal.lift(actor, hold?.id ?? 0);
    expect((await legal.erase(actor, 'ann')).kind).toBe('erased');
    expect(await reader.deaths({ fromMs: 0 }, null, 10)).toEqual([]);
  });

  it('deletes what is over of one hub while everybody at another is held', async () => {
    await keepFurtherHubs(service.database, ['east'], Date.now());
    const writer = new SqlServerEvents(service.database, () => Date.now(), new Set(['east']));
    const speaks = (hub: string): Promise<unknown> =>
      writer.append({
        speaker: { hub, user: 'ann', server: '', groups: [] },
        head: { protocol: 1, boot: randomUUID(), first: 1, count: 1, image: null },
        events: [death()],
        runs: []
      });
    const legal = new SqlLegal(service.database, () => Date.now());
    const left = async (hub: string): Promise<number> =>
      (await reader.deaths({ fromMs: 0, hub }, null, 10)).length;
    for (const hub of ['hub', 'east']) {
      await speaks('hub');
      await speaks('east');
      const actor = { hub, by: 'root', reason: 'case' };
      await legal.hold(actor, null, 'case');
      expect(await writer.purge(Date.now() + 1)).toBe(1);
      expect(await left(hub)).toBe(1);
      await legal.lift(actor, (await legal.holds())[0]?.id ?? 0);
      expect(await writer.purge(Date.now() + 1)).toBe(1);
    }
  });
});

it.each<DatabaseKind>(['sqlite', 'postgres'])('comes into a database of before on %s', async kind => {
  const scratch = await migratedDatabase(kind);
  const before = await openDatabase(scratch.place, () => undefined);
  const first = await asFirstVersion(kind, before);
  await before.close();
  const after = await openDatabase(first.place, () => undefined);
  expect(await new SqlServerEventReader(after).deaths({ fromMs: 0 }, null, 1)).toEqual([]);
  await after.close();
  await first.remove();
  await scratch.remove();
});
