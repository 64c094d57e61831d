import { randomUUID } from 'node:crypto';
import { HUB_PATHS, TicketAnswer } from '@labkeeper/protocol';
import { Tickets } from '../src/tickets/ticket.js';
import { json, refusal } from './support/answers.js';
import { CompanionStream } from './support/companion-stream.js';
import { startService, type IRunningService } from './support/running-service.js';

jest.setTimeout(60_000);

describe('tickets', () => {
  let service: IRunningService;

  beforeAll(async () => {
    service = await startService('sqlite');
  });
  afterAll(() => service.close());

  const get = (path: string, ticket: string): Promise<Response> =>
    fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${ticket}` } });

  it('refuses a ticket that is forged, altered, old, or another service’s', async () => {
    const ticket = await service.ticket('alice');
    const [body = '', mac = ''] = ticket.split('.');
    const content: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
    const other = Buffer.from(JSON.stringify(Object.assign({}, content, { user: 'root' }))).toString(
      'base64url'
    );
    const speaker = { hub: 'hub', user: 'alice', server: '', groups: [] };
    const secret = service.keys.secret('ticket');
    const bad = [
      '',
      'x',
      '.',
      `${other}.${mac}`,
      `${body}.`,
      `${body}.${mac.slice(1)}`,
      `${body}.${mac}.x`,
      'a'.repeat(12_000),
      new Tickets(secret, () => Date.now() - 601_000).mint(speaker, 'token').ticket,
      new Tickets(new Uint8Array(32), () => Date.now()).mint(speaker, 'token').ticket
    ];
    for (const forged of bad) {
      expect(await refusal(await service.send(forged, new CompanionStream().batch(1)))).toEqual([
        401,
        'ticket'
      ]);
      expect(await refusal(await get(HUB_PATHS.own, forged))).toEqual([401, 'ticket']);
    }
    expect((await service.send(ticket, new CompanionStream().batch(1))).status).toBe(200);
  });

  it('gives a ticket to a server alone', async () => {
    const { hub, url } = service;
    const ask = (authorization: string | null): Promise<Response> =>
      fetch(`${url}${HUB_PATHS.ticket}`, {
        method: 'POST',
        headers: authorization === null ? {} : { authorization }
      });
    const good = await ask(`token ${hub.serverToken('1'.repeat(32), 'carol', 'big', ['a', 'b'])}`);
    const { expiresAtMs, nowMs, protocols } = await json(TicketAnswer, good);
    // The clock may have gone on between the two.
    expect(600_000 - (expiresAtMs - nowMs)).toBeLessThan(1000);
    expect(expiresAtMs - nowMs).toBeLessThanOrEqual(600_000);
    expect(protocols).toEqual([1]);
    expect(good.headers.get('cache-control')).toBe('no-store');

    const server = (name: string): string => `access:servers!server=${name}`;
    const user = { kind: 'user', name: 'bob', admin: false, groups: [], session_id: null };
    const models: object[] = [
      // A guest's own token for a server that somebody shares.
      { ...user, scopes: [server('alice/')] },
      // One for two servers, minted by their owner.
      { ...user, scopes: [server('bob/'), server('bob/big')] },
      { ...user, scopes: [server('bob/'), server('alice/')] },
      { ...user, scopes: ['access:servers!user=bob', 'access:servers'] },
      { ...user, scopes: [server('bobby/')] },
      { ...user, scopes: [server('bob')] },
      { ...user, scopes: [server('bob/a/b')] },
      { ...user, scopes: [] },
      { ...user, kind: 'service', scopes: [server('bob/')] }
    ];
    for (const [i, model] of models.entries()) {
      const token = hub.anyToken(`look-alike-${i}-0123456789`, model);
      expect([i, ...(await refusal(await ask(`token ${token}`)))]).toEqual([i, 403, 'not-a-server']);
    }
    for (const authorization of [
      null,
      'token ',
      'Basic YTpi',
      `token ${'f'.repeat(32)}`,
      `token ${'x'.repeat(500)}`
    ]) {
      expect(await refusal(await ask(authorization))).toEqual([401, 'token']);
    }
    for (const trouble of [
      'silent' as const,
      { status: 500, body: '{}' },
      { status: 200, body: '<html>' },
      { status: 200, body: '{"kind":"user"}' },
      { status: 200, body: 'x'.repeat(2 * 1024 * 1024) }
    ]) {
      hub.trouble = trouble;
      const response = await ask(`token ${randomUUID()}`);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(await refusal(response)).toEqual([503, 'unavailable']);
    }
    hub.trouble = null;
    expect(await refusal(await fetch(`${url}${HUB_PATHS.ticket}`))).toEqual([404, 'malformed']);
  });

  it('hold as many groups as find room', () => {
    const tickets = new Tickets(new Uint8Array(32), () => 0);
    const groups = Array.from({ length: 1000 }, (_, i) => `a group with a long name ${i}`);
    const { ticket, groupsLeftOut } = tickets.mint(
      { hub: 'hub', user: 'alice', server: '', groups },
      'token'
    );
    expect(ticket.length).toBeLessThanOrEqual(8192);
    expect(tickets.check(ticket)?.groups).toEqual(groups.slice(0, 1000 - groupsLeftOut));
    expect(groupsLeftOut).toBeLessThan(900);
  });
});
