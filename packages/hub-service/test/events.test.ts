import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventsAnswer, HUB_PATHS } from '@labkeeper/protocol';
import { json, refusal } from './support/answers.js';
import { startService, ticketFor, type IRunningService } from './support/running-service.js';
import { scratchFolder } from './support/scratch-databases.js';

jest.setTimeout(30_000);

const OFF = `[[switch]]
part = "meter"
state = "off"
reason = "Loud."
`;
const ON_FOR_STAFF = OFF.replace('off', 'on').replace('Loud.', 'They asked.') + 'groups = ["staff"]\n';

describe('GET events', () => {
  const folder = scratchFolder();
  const file = join(folder.path, 'labkeeper.toml');
  let service: IRunningService;
  /** By so much the service's clock is ahead. */
  let laterMs = 0;

  beforeEach(async () => {
    writeFileSync(file, '');
    laterMs = 0;
    service = await startService(
      'sqlite',
      { holdMs: 3000, lookMs: { usual: 20, settling: 10 }, nowMs: () => Date.now() + laterMs },
      file
    );
  });
  afterEach(async () => {
    const closed = service.close();
    // A question that broke off may leave the test's own client with a connection that it opened and did not use.
    service.app.machine.server.closeAllConnections();
    await closed;
  });
  afterAll(() => {
    rmSync(file, { force: true });
    folder.remove();
  });

  const ask = (ticket: string, query: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> =>
    fetch(`${service.url}${HUB_PATHS.events}?${new URLSearchParams(query)}`, {
      headers: { authorization: `Bearer ${ticket}` },
      ...(signal ? { signal } : {})
    });
  const first = async (ticket: string): Promise<EventsAnswer> => json(EventsAnswer, await ask(ticket));
  const waiting = async (): Promise<number> =>
    Number(/^labkeeper_polls_held (\d+)$/m.exec(await (await fetch(`${service.url}metrics`)).text())?.[1]);
  async function untilWaiting(count: number): Promise<void> {
    while ((await waiting()) !== count) {
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  it('answers at once who knows nothing, and holds who knows all until that changes', async () => {
    const ticket = await service.ticket('alice');
    const { seen, off, policy } = await first(ticket);
    expect([off, policy]).toEqual([[], service.app.policy.active.digest]);
    const held = ask(ticket, { seen });
    await untilWaiting(1);
    const changedAtMs = performance.now();
    writeFileSync(file, OFF);
    const news = await json(EventsAnswer, await held);
    expect(performance.now() - changedAtMs).toBeLessThan(2000);
    expect(news.off).toEqual([{ part: 'meter', reason: 'Loud.' }]);
    expect(news.policy).not.toBe(policy);
    expect(news.seen).not.toBe(seen);
  });

  it('tells no news to a server that was revoked while it waited', async () => {
    const token = service.hub.serverToken('f'.repeat(32), 'alice', '');
    const [revoked, other] = [await ticketFor(service.url, token), await service.ticket('bob')];
    const held = [revoked, other].map(async ticket => ask(ticket, { seen: (await first(ticket)).seen }));
    await untilWaiting(2);
    service.hub.revoke(token);
    laterMs = 25_000;
    writeFileSync(file, OFF);
    const [gone, told] = await Promise.all(held);
    expect(gone && (await refusal(gone))).toEqual([401, 'ticket']);
    expect(told?.status).toBe(200);
  });

  it('says that there is no news when the time is over', async () => {
    const ticket = await service.ticket('alice');
    const { seen } = await first(ticket);
    const askedAtMs = performance.now();
    const answer = await ask(ticket, { seen });
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    expect(performance.now() - askedAtMs).toBeGreaterThan(2900);
  });

  it('decides by the groups of the ticket and the image that is told', async () => {
    writeFileSync(file, `${ON_FOR_STAFF}${OFF}\n${OFF.replace('meter', 'audit')}images = ["old:*"]\n`);
    while (service.app.policy.active.policy.switch.length !== 3) {
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    const [staff, student] = [await service.ticket('a', '', ['staff']), await service.ticket('b')];
    const parts = async (ticket: string, query: Record<string, string> = {}): Promise<string[]> =>
      (await json(EventsAnswer, await ask(ticket, query))).off.map(({ part }) => part);
    expect(await parts(staff)).toEqual([]);
    expect(await parts(student)).toEqual(['meter']);
    expect(await parts(student, { image: 'old:1' })).toEqual(['meter', 'audit']);
    expect(await parts(staff, { image: 'old:1' })).toEqual(['audit']);
    expect(await parts(staff, { image: 'new:1' })).toEqual([]);
  });

  it('holds one question of a server: the second ends the first, and one that breaks off is forgotten', async () => {
    const [ticket, other] = [await service.ticket('alice', 'one'), await service.ticket('alice', 'two')];
    const { seen } = await first(ticket);
    const held = ask(ticket, { seen });
    await untilWaiting(1);
    const abort = new AbortController();
    const second = ask(ticket, { seen }, abort.signal).catch(() => 'broken off');
    expect((await held).status).toBe(204);
    const elsewhere = ask(other, { seen });
    await untilWaiting(2);
    abort.abort();
    expect(await second).toBe('broken off');
    await untilWaiting(1);
    writeFileSync(file, OFF);
    expect((await elsewhere).status).toBe(200);
  });

  it('lets nobody wait at the end of the service', async () => {
    const ticket = await service.ticket('alice');
    const held = ask(ticket, { seen: (await first(ticket)).seen });
    await untilWaiting(1);
    const closed = service.app.close();
    expect((await held).status).toBe(204);
    await closed;
  });

  it('refuses who has no ticket, what it does not understand, and who asks too often', async () => {
    expect(await refusal(await ask('x'))).toEqual([401, 'ticket']);
    const ticket = await service.ticket('alice');
    const odd: Record<string, string>[] = [
      { seen: 'x' },
      { user: 'root' },
      { image: '' },
      { image: 'x'.repeat(513) }
    ];
    for (const query of odd) {
      expect(await refusal(await ask(ticket, query))).toEqual([400, 'malformed']);
    }
    const statuses = await Promise.all(Array.from({ length: 30 }, async () => (await ask(ticket)).status));
    expect(statuses).toContain(429);
    expect((await ask(await service.ticket('bob'))).status).toBe(200);
  });
});
