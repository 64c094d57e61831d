import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { PollPace } from '@labkeeper/core';
import type { SwitchablePart } from '@labkeeper/protocol';
import { HubClient } from '../../src/audit/hub-client.js';
import { OutgoingLedger } from '../../src/outgoing/outgoing-ledger.js';
import { HubTickets } from '../../src/audit/hub-tickets.js';
import { PolicyWatch } from '../../src/policy/policy-watch.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';

jest.setTimeout(30_000);

const SEEN = 'a'.repeat(64);
const answer = (off: { part: string; reason: string }[], seen = SEEN) => ({
  seen,
  policy: 'b'.repeat(64),
  off
});
const METER = answer([{ part: 'meter', reason: 'Loud.' }]);

/** What the service says next; `hold` = nothing, `reset` = the connection breaks. */
type Next = { status: number; body?: unknown; later?: string } | 'hold' | 'reset';

describe('the watch over policy', () => {
  let server: Server;
  let next: Next[];
  let asked: string[];
  let tickets: number;
  let logged: string[];
  let told: Record<string, string>[];
  let clock: FakeClock;
  let watch: PolicyWatch;

  beforeEach(async () => {
    [next, asked, tickets, logged, told, clock] = [[], [], 0, [], [], new FakeClock(Date.now())];
    server = createServer((request, response) => serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const url = new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`);
    const client = new HubClient(url, () => clock.wallMs(), new OutgoingLedger(Date.now));
    watch = new PolicyWatch({
      client,
      tickets: new HubTickets({ client, token: 'secret', clock }),
      image: 'lab:1',
      clock,
      random: () => 0.5,
      log: line => logged.push(line),
      said: off => told.push(Object.fromEntries<string>(new Map<SwitchablePart, string>(off)))
    });
  });
  afterEach(async () => {
    watch.dispose();
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const send = (status: number, body: unknown, later?: string): void => {
      response.writeHead(status, later === undefined ? {} : { 'retry-after': later });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    if (request.url === '/api/v1/ticket') {
      tickets += 1;
      send(200, { ticket: `t${tickets}`, nowMs: 0, expiresAtMs: 600_000, protocols: [1] });
      return;
    }
    asked.push(`${request.url} ${request.headers.authorization}`);
    const now = next.shift() ?? 'hold';
    if (now === 'reset') {
      request.socket.destroy();
    } else if (now !== 'hold') {
      send(now.status, now.body, now.later);
    }
  }

  /** Passes time until the service was asked so often. */
  async function untilAsked(times: number, stepMs = 500): Promise<number> {
    let passedMs = 0;
    const endMs = performance.now() + 10_000;
    while (asked.length < times) {
      expect(performance.now()).toBeLessThan(endMs);
      clock.advance(stepMs);
      passedMs += stepMs;
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    return passedMs;
  }

  it('asks with what it knows, and tells what is new', async () => {
    next = [{ status: 200, body: METER }, { status: 204 }, { status: 200, body: answer([], 'c'.repeat(64)) }];
    watch.start();
    await untilAsked(4);
    expect(asked).toEqual([
      '/api/v1/events?image=lab%3A1 Bearer t1',
      `/api/v1/events?seen=${SEEN}&image=lab%3A1 Bearer t1`,
      `/api/v1/events?seen=${SEEN}&image=lab%3A1 Bearer t1`,
      `/api/v1/events?seen=${'c'.repeat(64)}&image=lab%3A1 Bearer t1`
    ]);
    expect(told).toEqual([{ meter: 'Loud.' }, {}]);
    expect(watch.health()).toEqual({ policy: 'b'.repeat(64), connected: true });
    expect(logged).toEqual([]);
  });

  it('leaves out parts that it does not know', async () => {
    next = [{ status: 200, body: { ...answer([{ part: 'tiers', reason: 'x' }]), more: 1 } }];
    watch.start();
    await untilAsked(2);
    expect(told).toEqual([{}]);
  });

  it('keeps the last policy while nobody answers, says so once, and comes back by itself', async () => {
    next = [
      { status: 200, body: METER },
      'reset',
      { status: 500 },
      { status: 200, body: '<html>' },
      { status: 204 }
    ];
    watch.start();
    await untilAsked(2);
    await until(() => !watch.health().connected);
    await untilAsked(6);
    expect(told).toEqual([{ meter: 'Loud.' }]);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('Its last policy holds here until it answers.');
    expect(watch.health().connected).toBe(true);
  });

  it('knows a service that nobody reaches from one that does not answer', async () => {
    const failed = jest.spyOn(PollPace.prototype, 'failed');
    const kinds = (): string[] => failed.mock.calls.map(([failure]) => failure);
    next = ['reset'];
    watch.start();
    await untilAsked(1);
    await until(() => kinds().includes('away'));
    expect(kinds()).not.toContain('unreached');
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    clock.advance(60_000);
    await until(() => kinds().includes('unreached'));
    failed.mockRestore();
  });

  it('takes a new ticket when the old one is no longer good', async () => {
    next = [
      { status: 401, body: { code: 'ticket', message: 'Ended.' } },
      { status: 200, body: METER }
    ];
    watch.start();
    await untilAsked(3);
    expect(asked.map(line => line.split(' ').at(-1))).toEqual(['t1', 't2', 't2']);
    expect(logged).toEqual([]);
  });

  it.each<[Next, number]>([
    [{ status: 404 }, 600_000],
    [{ status: 403 }, 600_000],
    [{ status: 429, later: '40' }, 40_000]
  ])('waits after %j', async (refused, leastMs) => {
    next = [refused];
    watch.start();
    await untilAsked(1);
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(await untilAsked(2, 4000)).toBeGreaterThan(leastMs);
  });
});
