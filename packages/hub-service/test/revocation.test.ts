import { createServer } from 'node:http';
import { HUB_PATHS } from '@labkeeper/protocol';
import { createHubApi, HubUnavailableError } from '../src/hub-api/hub-api.js';
import {
  createRunningServersApi,
  HubRoleError,
  serverKey,
  tokenKey,
  type IRunning,
  type IRunningServersApi
} from '../src/hub-api/running-servers-api.js';
import { READ_EVERY_MS, RunningServers } from '../src/tickets/running-servers.js';
import { CHECKS, TokenChecks, WORD_MS } from '../src/tickets/token-checks.js';
import { Tickets } from '../src/tickets/ticket.js';
import { refusal } from './support/answers.js';
import { CompanionStream } from './support/companion-stream.js';
import { startService, ticketFor, type IRunningService } from './support/running-service.js';

jest.setTimeout(60_000);

const TOKEN = 'a'.repeat(32);

describe('a ticket whose token was revoked', () => {
  let service: IRunningService;
  let nowMs = 0;

  beforeEach(async () => {
    nowMs = 1_795_000_000_000;
    service = await startService('sqlite', { nowMs: () => nowMs, monotonicMs: () => nowMs });
  });
  afterEach(() => service.close());

  const own = (ticket: string): Promise<Response> =>
    fetch(`${service.url}${HUB_PATHS.own}`, { headers: { authorization: `Bearer ${ticket}` } });

  it('is refused at the first use after 20 s, and for good', async () => {
    const ticket = await ticketFor(service.url, service.hub.serverToken(TOKEN, 'alice', 'big'));
    service.hub.revoke(TOKEN);
    nowMs += WORD_MS - 1;
    expect((await own(ticket)).status).toBe(200);
    const before = service.hub.asked;
    nowMs += 1;
    expect(await refusal(await own(ticket))).toEqual([401, 'ticket']);
    expect(await refusal(await service.send(ticket, new CompanionStream().batch(1)))).toEqual([
      401,
      'ticket'
    ]);
    expect(service.hub.asked).toBe(before + 1);
  });

  it('asks once in 20 s, and once for many requests at a time', async () => {
    const ticket = await ticketFor(service.url, service.hub.serverToken(TOKEN, 'alice', 'big'));
    for (let round = 1; round <= 3; round++) {
      nowMs += WORD_MS;
      const answers = await Promise.all([1, 2, 3, 4].map(() => own(ticket)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect(service.hub.asked).toBe(1 + round);
    }
  });

  it('is refused where the token is another server’s now, as after a rename', async () => {
    const ticket = await ticketFor(service.url, service.hub.serverToken(TOKEN, 'alice', 'big'));
    service.hub.serverToken(TOKEN, 'alicia', 'big');
    nowMs += WORD_MS;
    expect(await refusal(await own(ticket))).toEqual([401, 'ticket']);
    // With the new name comes a new ticket.
    expect((await own(await ticketFor(service.url, TOKEN))).status).toBe(200);
  });

  it('is good to its end while JupyterHub is away, and there are no new ones', async () => {
    const ticket = await ticketFor(service.url, service.hub.serverToken(TOKEN, 'alice', 'big'));
    const stream = new CompanionStream();
    service.hub.trouble = { status: 500, body: '{}' };
    for (let passedMs = WORD_MS; passedMs < 600_000; passedMs += WORD_MS) {
      nowMs += WORD_MS;
      expect((await service.send(ticket, stream.batch(1))).status).toBe(200);
    }
    nowMs += WORD_MS;
    expect(await refusal(await service.send(ticket, stream.batch(1)))).toEqual([401, 'ticket']);
    await expect(ticketFor(service.url, TOKEN)).rejects.toThrow('503');
  });
});

describe('looks at JupyterHub', () => {
  it('are few, however many tickets are used, and none of them waits then', async () => {
    let [nowMs, asked] = [0, 0];
    const tickets = new Tickets(new Uint8Array(32), () => nowMs);
    const holders = Array.from({ length: 5000 }, (_, i) => {
      const speaker = { hub: 'hub', user: `user-${i}`, server: '', groups: [] };
      const holder = tickets.check(tickets.mint(speaker, `token-${i}`).ticket);
      if (holder === null) {
        throw new Error('There is no ticket.');
      }
      return holder;
    });
    const checks = new TokenChecks({
      hubApi: {
        whoIs: token => {
          asked += 1;
          const name = token.replace('token-', 'user-');
          const scopes = [`access:servers!server=${name}/`];
          return Promise.resolve({
            kind: 'user',
            name,
            admin: false,
            groups: [],
            scopes,
            session_id: null,
            token_id: null
          });
        }
      },
      nowMs: () => nowMs,
      monotonicMs: () => nowMs
    });
    nowMs += WORD_MS;
    const seconds = 20;
    for (let second = 0; second < seconds; second++) {
      for (const holder of holders.slice(second * 250, second * 250 + 250)) {
        nowMs += 4;
        expect(await checks.isGood(holder, () => tickets.tokenOf(holder))).toBe(true);
      }
    }
    expect(asked).toBeLessThanOrEqual(CHECKS.burst + CHECKS.perSecond * seconds);
    expect(asked).toBeGreaterThan(CHECKS.perSecond * seconds * 0.9);
  });

  it('count those for tickets, and soon go on after a start of thousands', async () => {
    let [nowMs, asked] = [0, 0];
    const tickets = new Tickets(new Uint8Array(32), () => nowMs);
    const checks = new TokenChecks({
      hubApi: {
        whoIs: () => {
          asked += 1;
          return Promise.resolve(null);
        }
      },
      nowMs: () => nowMs,
      monotonicMs: () => nowMs
    });
    const holders = Array.from({ length: 200 }, (_, i) =>
      tickets.check(
        tickets.mint({ hub: 'hub', user: `user-${i}`, server: '', groups: [] }, `token-${i}`).ticket
      )
    );
    const all = async (): Promise<void> => {
      for (const holder of holders) {
        await (holder && checks.isGood(holder, () => TOKEN));
      }
    };
    nowMs += WORD_MS;
    for (let i = 0; i < 10_000; i++) {
      checks.lookedForTicket();
    }
    await all();
    expect(asked).toBe(0);
    nowMs += 3000;
    await all();
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(3 * CHECKS.perSecond - 40 + 1);
  });

  it('leave a ticket to itself while JupyterHub hangs', async () => {
    let nowMs = 0;
    const tickets = new Tickets(new Uint8Array(32), () => nowMs);
    const checks = new TokenChecks({
      hubApi: { whoIs: () => Promise.reject(new HubUnavailableError('It hangs.')) },
      nowMs: () => nowMs,
      monotonicMs: () => nowMs
    });
    const speaker = { hub: 'hub', user: 'alice', server: '', groups: [] };
    const holder = tickets.check(tickets.mint(speaker, TOKEN).ticket);
    nowMs += WORD_MS;
    expect(holder && (await checks.isGood(holder, () => tickets.tokenOf(holder)))).toBe(true);
    expect(holder && tickets.tokenOf(holder)).toBe(TOKEN);
  });
});

describe('the list of running servers', () => {
  const speaker = { user: 'alice', server: 'big', listed: null };
  const log = { warn: () => undefined, info: () => undefined };

  /** @param answers - what JupyterHub says, one reading after the other: servers, and tokens if it names them. */
  async function reading(answers: (ReadonlySet<string> | IRunning | Error)[], has: () => Promise<boolean>) {
    jest.useFakeTimers();
    const api: IRunningServersApi = {
      all: () => {
        const answer = answers.shift() ?? new HubUnavailableError('Away.');
        if (answer instanceof Error) {
          return Promise.reject(answer);
        }
        return Promise.resolve('servers' in answer ? answer : { servers: answer, tokens: null });
      },
      has
    };
    const running = new RunningServers({
      ...{ api, log },
      nowMs: () => Date.now(),
      monotonicMs: () => Date.now()
    });
    running.start();
    await jest.advanceTimersByTimeAsync(0);
    return running;
  }
  afterEach(() => jest.useRealTimers());

  const there = new Set([serverKey('alice', 'big')]);
  const never = () => Promise.reject(new Error('It was asked.'));

  it('ends the tickets of a server that stopped, within 30 s, and no later one', async () => {
    const running = await reading([there, new Set()], () => Promise.resolve(true));
    const mintedAtMs = Date.now();
    expect(running.isGone({ ...speaker, mintedAtMs })).toBe(false);
    await jest.advanceTimersByTimeAsync(READ_EVERY_MS);
    expect(running.isGone({ ...speaker, mintedAtMs })).toBe(true);
    // It began again, after the list was read.
    expect(running.isGone({ ...speaker, mintedAtMs: Date.now() })).toBe(false);
    expect(READ_EVERY_MS).toBeLessThanOrEqual(25_000);
    running.close();
  });

  it('ends also those that a server got after its end, because its token was left', async () => {
    const running = await reading([there, new Set()], never);
    await jest.advanceTimersByTimeAsync(READ_EVERY_MS - 1000);
    expect(await running.runs('alice', 'big')).toBe(true);
    const mintedAtMs = Date.now();
    await jest.advanceTimersByTimeAsync(1000);
    expect(running.isGone({ ...speaker, mintedAtMs })).toBe(true);
    // One that was not there before may have begun a moment ago, by another replica's clock.
    expect(running.isGone({ ...speaker, server: 'new', mintedAtMs })).toBe(false);
    running.close();
  });

  it('ends the tickets of a token that was revoked while its server runs, within 30 s', async () => {
    const tokens = (...ids: string[]): IRunning => ({ servers: there, tokens: new Set(ids) });
    const running = await reading([tokens('a1', 'a2'), tokens('a2')], never);
    const [one, two] = ['a1', 'a2'].map(listed => ({
      ...speaker,
      listed,
      mintedAtMs: Date.now() - 10_000
    }));
    if (!one || !two) {
      throw new Error('There are two.');
    }
    expect([one, two].map(holder => running.saysGood(holder))).toEqual([true, true]);
    expect(running.isGone(one)).toBe(false);
    await jest.advanceTimersByTimeAsync(READ_EVERY_MS - 1);
    // Until it is read again JupyterHub need not be asked about each.
    expect(running.saysGood(one)).toBe(true);
    await jest.advanceTimersByTimeAsync(1);
    expect([one, two].map(holder => running.isGone(holder))).toEqual([true, false]);
    expect([one, two].map(holder => running.saysGood(holder))).toEqual([false, true]);
    // One that was made since the list was read, and one of an older ticket, are asked about.
    const later = { ...speaker, listed: 'a3', mintedAtMs: Date.now() };
    expect([running.isGone(later), running.saysGood(later)]).toEqual([false, false]);
    expect([running.isGone({ ...speaker, mintedAtMs: 0 }), running.saysGood(speaker)]).toEqual([
      false,
      false
    ]);
    // JupyterHub is away: its word grows old.
    await jest.advanceTimersByTimeAsync(30_000);
    expect(running.saysGood(two)).toBe(false);
    expect(running.isGone(two)).toBe(false);
    running.close();
  });

  it('counts on while JupyterHub is away, and says nothing about what began since', async () => {
    const running = await reading([there], never);
    await jest.advanceTimersByTimeAsync(5 * READ_EVERY_MS);
    expect(running.isGone({ ...speaker, mintedAtMs: 0 })).toBe(false);
    expect(running.isGone({ ...speaker, server: 'small', mintedAtMs: 0 })).toBe(true);
    expect(running.isGone({ ...speaker, server: 'small', mintedAtMs: Date.now() })).toBe(false);
    running.close();
  });

  it('is asked about before a ticket is given to a server that is not in it', async () => {
    const running = await reading([there], () => Promise.resolve(false));
    expect(await running.runs('alice', 'big')).toBe(true);
    expect(await running.runs('alice', 'stopped')).toBe(false);
    running.close();
    const without = await reading([new HubRoleError('No role.')], never);
    // An older configuration of the hub: then tokens alone decide.
    expect(await without.runs('alice', 'stopped')).toBe(true);
    expect(without.isGone({ ...speaker, mintedAtMs: 0 })).toBe(false);
    without.close();
  });

  it('is read at once where labkeeper.hub says it, page by page elsewhere, and what is none is said', async () => {
    let status = 200;
    let running: object | null = null;
    let body: ((offset: number) => object) | null = offset => ({
      items: [
        { name: `user-${offset}`, servers: { '': { ready: true }, 'b/c"': {} } },
        { name: 'idle', servers: {} }
      ],
      _pagination: {
        offset,
        limit: 200,
        total: 3,
        next: offset < 2 ? { offset: offset + 1, limit: 1 } : null
      }
    });
    const seen: string[] = [];
    const server = createServer((request, response) => {
      if (request.url === '/labkeeper/running') {
        response.writeHead(running ? 200 : 404).end(JSON.stringify(running));
        return;
      }
      const offset = Number(new URL(request.url ?? '', 'http://hub').searchParams.get('offset'));
      seen.push(`${request.headers.authorization} ${request.headers.accept}`);
      response.writeHead(status).end(body === null ? '<html>' : JSON.stringify(body(offset)));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const api = createRunningServersApi({ url, token: 'service-token', timeoutMs: 2000 });
    try {
      expect(await api.all()).toEqual({
        servers: new Set(
          [0, 1, 2].flatMap(i => [serverKey(`user-${i}`, ''), serverKey(`user-${i}`, 'b/c"')])
        ),
        tokens: null
      });
      expect(new Set(seen)).toEqual(new Set(['token service-token application/jupyterhub-pagination+json']));
      body = () => ({ items: [{ name: 'alice' }], _pagination: { next: null } });
      await expect(api.all()).rejects.toThrow(HubRoleError);
      body = () => ({ items: [] });
      await expect(api.all()).rejects.toThrow(HubUnavailableError);
      body = null;
      await expect(api.all()).rejects.toThrow(HubUnavailableError);
      status = 403;
      await expect(api.all()).rejects.toThrow(HubRoleError);
      status = 404;
      expect(await api.has('alice', '')).toBe(false);
      await expect(api.all()).rejects.toThrow(HubUnavailableError);
      const before = seen.length;
      running = {
        servers: [
          ['alice', ''],
          ['alice', 'b/c"']
        ]
      };
      const servers = new Set([serverKey('alice', ''), serverKey('alice', 'b/c"')]);
      expect(await api.all()).toEqual({ servers, tokens: null });
      running = {
        ...running,
        tokens: [
          [7, 'alice', '0a1b'],
          [20, 'alice', 'c0de']
        ]
      };
      const tokens = new Set([tokenKey('alice', 'a7', '0a1b22'), tokenKey('alice', 'a20', 'c0de')]);
      expect(await api.all()).toEqual({ servers, tokens });
      // SQLite gives the number of a deleted token to the next one: of another user, or of the same.
      expect(tokens.has(tokenKey('bob', 'a7', '0a1b22'))).toBe(false);
      expect(tokens.has(tokenKey('alice', 'a7', 'ffff22'))).toBe(false);
      running = { servers: ['alice'] };
      await expect(api.all()).rejects.toThrow(HubUnavailableError);
      expect(seen).toHaveLength(before);
      status = 500;
      await expect(api.has('alice', '')).rejects.toThrow(HubUnavailableError);
      // The look-up of a token is another thing, and stays as short as it was.
      await expect(createHubApi({ url, timeoutMs: 2000 }).whoIs('x')).rejects.toThrow(HubUnavailableError);
    } finally {
      server.close();
    }
  });
});
