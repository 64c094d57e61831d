import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Receiver, REQUEST_PATHS } from '@labkeeper/protocol';
import { HubClient } from '../../src/audit/hub-client.js';
import { OutgoingLedger } from '../../src/outgoing/outgoing-ledger.js';
import { HubTickets } from '../../src/audit/hub-tickets.js';
import { systemClock } from '../../src/clock.js';
import { RequestDesk } from '../../src/requests/request-desk.js';
import { RequestHub } from '../../src/requests/request-hub.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';

const summary = (id: string, version = 1) => ({
  ...{ id, version, state: 'requested', want: { kind: 'help', title: 'Help' }, reason: 'x', server: '' },
  ...{
    createdAtMs: 1,
    changedAtMs: 1,
    lapsesAtMs: null,
    untilMs: null,
    decision: null,
    messages: 0,
    lastFrom: null
  }
});

/** A page of the desk: what it hears, and how it speaks. */
function pageOf(desk: RequestDesk) {
  const heard: { method: string; params: { [name: string]: unknown } }[] = [];
  const receiver = new Receiver();
  const leave = desk.join(receiver, (_id, text) => heard.push(JSON.parse(text())));
  return {
    heard,
    leave,
    say: (method: string, params: unknown) => receiver.receive(JSON.stringify({ method, params })),
    last: (method: string) => heard.filter(message => message.method === method).at(-1)?.params
  };
}

describe('the desk for requests', () => {
  let server: Server;
  let desk: RequestDesk;
  let clock: FakeClock;
  let answer: (
    method: string,
    path: string,
    body: string,
    ticket: string
  ) => { status: number; body: unknown };
  const asked: string[] = [];
  let tickets: number;
  beforeEach(async () => {
    asked.length = 0;
    clock = new FakeClock();
    tickets = 0;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', part => (body += String(part)));
      request.on('end', () => {
        const path = (request.url ?? '').replace('/s/', '');
        if (path === 'api/v1/ticket') {
          tickets += 1;
          response.end(
            JSON.stringify({ ticket: `t${tickets}`, expiresAtMs: 600_000, protocols: [1], nowMs: 0 })
          );
          return;
        }
        asked.push(`${request.method} ${path} ${request.headers['content-type'] ?? ''}`.trim());
        const given = answer(request.method ?? '', path, body, request.headers.authorization ?? '');
        response.writeHead(given.status).end(JSON.stringify(given.body));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/s/`);
    const client = () => new HubClient(url, () => 0, new OutgoingLedger(Date.now), 2000, 1_000_000);
    desk = new RequestDesk(
      new RequestHub(client(), new HubTickets({ client: client(), token: 'secret', clock: systemClock })),
      clock,
      () => 0.5
    );
  });
  afterEach(async () => {
    desk.dispose();
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  it('sends a request to the hub, tells the page what came of it, and all pages how requests stand', async () => {
    const id = randomUUID();
    answer = method =>
      method === 'POST'
        ? { status: 200, body: { request: {} } }
        : { status: 200, body: { requests: [summary(id)], next: null } };
    const [page, other] = [pageOf(desk), pageOf(desk)];
    const want = { kind: 'help', title: 'Help' };
    page.say('requests/submit', { id, want, reason: 'x', evidence: [] });
    await until(() => other.last('requests/list') !== undefined);
    expect(page.last('requests/result')).toEqual({ ref: id, result: 'done', message: null });
    expect(other.last('requests/result')).toBeUndefined();
    expect(other.last('requests/list')).toMatchObject({ hub: 'read', isCut: false, requests: [{ id }] });
    expect(asked[0]).toBe(`POST ${REQUEST_PATHS.requests} application/json`);
  });

  it.each([
    [409, { code: 'changed', message: 'Another by now.' }, { result: 'changed', message: 'Another by now.' }],
    [429, { code: 'too-much', message: 'Too often.' }, { result: 'later', message: 'Too often.' }],
    [400, { code: 'malformed', message: 'No.' }, { result: 'refused', message: 'No.' }],
    [502, 'a page of a proxy', { result: 'later', message: null }]
  ])('tells what a status of %d means', async (status, body, expected) => {
    answer = () => ({ status, body });
    const page = pageOf(desk);
    const id = randomUUID();
    page.say('requests/withdraw', { id, version: 1 });
    await until(() => page.last('requests/result') !== undefined);
    expect(page.last('requests/result')).toEqual({ ref: id, ...expected });
  });

  it('takes a new ticket where the hub no longer takes the old one', async () => {
    answer = (_method, _path, _body, ticket) =>
      ticket === 'Bearer t1'
        ? { status: 401, body: {} }
        : { status: 200, body: { requests: [], next: null } };
    const page = pageOf(desk);
    page.say('requests/wanted', { wanted: true });
    await until(() => page.last('requests/list') !== undefined);
    expect([tickets, page.last('requests/list')]).toEqual([2, { requests: [], isCut: false, hub: 'read' }]);
  });

  it('shows a story to who asked for it, and keeps what it knew where the hub is away', async () => {
    const id = randomUUID();
    answer = (_method, path) =>
      path.endsWith(id)
        ? { status: 200, body: { request: { ...summary(id), evidence: [], thread: [] } } }
        : { status: 200, body: { requests: [summary(id)], next: null } };
    const page = pageOf(desk);
    page.say('requests/read', { id });
    await until(() => page.last('requests/story') !== undefined);
    desk.changed();
    await until(() => page.last('requests/list') !== undefined);
    answer = () => ({ status: 503, body: {} });
    desk.changed();
    await until(() => page.last('requests/list')?.['hub'] === 'failed');
    expect(page.last('requests/list')).toMatchObject({ requests: [{ id }] });
  });

  it('asks a hub that is away again, ever more seldom, while a page wants to know', async () => {
    answer = () => ({ status: 503, body: {} });
    const page = pageOf(desk);
    const lists = (): number => page.heard.filter(({ method }) => method === 'requests/list').length;
    page.say('requests/wanted', { wanted: true });
    for (const [at, pauseMs] of [4000, 8000, 16_000, 22_500, 22_500].entries()) {
      await until(() => lists() === at + 1 && clock.pending === 1);
      clock.advance(pauseMs - 1);
      expect(clock.pending).toBe(1);
      clock.advance(1);
      expect(clock.pending).toBe(0);
    }
    await until(() => clock.pending === 1);
    answer = () => ({ status: 200, body: { requests: [], next: null } });
    clock.advance(60_000);
    await until(() => page.last('requests/list')?.['hub'] === 'read');
    expect(clock.pending).toBe(0);
    answer = () => ({ status: 503, body: {} });
    desk.changed();
    await until(() => clock.pending === 1);
    page.leave();
    const before = asked.length;
    clock.advance(60_000);
    expect([clock.pending, asked.length]).toEqual([0, before]);
  });

  it('brings feedback that the hub cannot take now to it by itself, and tells every page then', async () => {
    const [page, other] = [pageOf(desk), pageOf(desk)];
    const feedback = {
      ...{ id: randomUUID(), of: 'death', subject: 'd', toldCause: 'exited', toldConfidence: 'high' },
      ...{ answer: 'yes', cause: null, note: null }
    };
    answer = () => ({ status: 429, body: { code: 'too-much', message: 'Too often.' } });
    page.say('requests/feedback', feedback);
    await until(() => page.last('requests/result') !== undefined);
    const told = { ref: feedback.id, message: 'Too often.' };
    expect(page.last('requests/result')).toEqual({ ...told, result: 'later' });
    page.leave();
    answer = () => ({ status: 200, body: { id: feedback.id } });
    clock.advance(60_000);
    await until(() => other.last('requests/result') !== undefined);
    expect(other.last('requests/result')).toEqual({ ref: feedback.id, message: null, result: 'done' });
    expect(asked).toEqual(Array(2).fill(`POST ${REQUEST_PATHS.feedback} application/json`));
    expect(clock.pending).toBe(0);
  });

  it('says so where there is no hub service', async () => {
    const alone = pageOf(new RequestDesk(null, clock, () => 0));
    expect(alone.last('requests/list')).toEqual({ requests: [], isCut: false, hub: 'none' });
    const id = randomUUID();
    alone.say('requests/feedback', {
      ...{ id, of: 'death', subject: 'd', toldCause: 'exited', toldConfidence: 'high' },
      ...{ answer: 'yes', cause: null, note: null }
    });
    await until(() => alone.last('requests/result') !== undefined);
    expect(alone.last('requests/result')).toEqual({ ref: id, result: 'no-hub', message: null });
  });
});
