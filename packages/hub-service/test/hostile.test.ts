// What somebody does who owns a container: she has its token, and sends what she likes as often as she likes.
import { connect } from 'node:net';
import { BATCH_BYTES, HUB_PATHS } from '@labkeeper/protocol';
import type { HubUser } from '../src/hub-api/hub-api.js';
import { RATES } from '../src/ingest/record-routes.js';
import { TicketOffice } from '../src/tickets/ticket-office.js';
import { Tickets } from '../src/tickets/ticket.js';
import { TokenChecks } from '../src/tickets/token-checks.js';
import { refusal } from './support/answers.js';
import { CompanionStream } from './support/companion-stream.js';
import { startService } from './support/running-service.js';

jest.setTimeout(60_000);

describe('somebody who owns a container', () => {
  it('cannot fill the disk, also with many servers', async () => {
    const service = await startService('sqlite', {
      monotonicMs: () => 0,
      rates: { ...RATES, bytesPerSecond: 1000, bytesBurst: 20_000 }
    });
    try {
      const statuses: number[] = [];
      for (let server = 0; server < 4; server++) {
        const ticket = await service.ticket('mallory', `server-${server}`);
        statuses.push((await service.send(ticket, new CompanionStream().batch(10))).status);
      }
      // Ten records are some 15 kB.
      expect(statuses).toEqual([200, 200, 429, 429]);
      const alice = await service.ticket('alice');
      expect((await service.send(alice, new CompanionStream().batch(10))).status).toBe(200);
    } finally {
      await service.close();
    }
  });

  it('puts no line into the log that is too long to be read with others', async () => {
    const service = await startService('sqlite');
    try {
      const ticket = await service.ticket('mallory');
      const send = async (bytes: number): Promise<Response> => {
        const stream = new CompanionStream();
        return service.send(
          ticket,
          stream.batchOf([() => ({ line: Buffer.alloc(bytes, 'x'), personal: null })])
        );
      };
      // As it came: a later version's record may be longer.
      expect((await send(32 * 1024)).status).toBe(200);
      expect(await refusal(await send(32 * 1024 + 1))).toEqual([413, 'too-large']);
      expect(await refusal(await send(BATCH_BYTES - 1024))).toEqual([413, 'too-large']);
    } finally {
      await service.close();
    }
  });

  it('keeps no connection without a token or a ticket', async () => {
    const service = await startService('sqlite');
    try {
      const answer = await new Promise<string>((resolve, reject) => {
        const { port, pathname } = new URL(`${service.url}${HUB_PATHS.own}`);
        const socket = connect(Number(port), '127.0.0.1');
        let said = '';
        socket.setEncoding('utf8').on('data', text => (said += String(text)));
        socket.on('error', reject).on('end', () => resolve(said));
        socket.write(`GET ${pathname} HTTP/1.1\r\nHost: hub\r\nConnection: keep-alive\r\n\r\n`);
      });
      expect(answer).toMatch(/^HTTP\/1.1 401 /);
    } finally {
      await service.close();
    }
  });
});

describe('made-up tokens', () => {
  const user: HubUser = {
    ...{ kind: 'user', name: 'alice', admin: false, groups: [], session_id: null, token_id: null },
    scopes: ['access:servers!server=alice/']
  };
  const officeOf = (whoIs: (token: string) => Promise<HubUser | null>): TicketOffice =>
    new TicketOffice({
      id: 'hub',
      hubApi: { whoIs },
      tickets: new Tickets(new Uint8Array(32), () => 0),
      checks: new TokenChecks({ hubApi: { whoIs }, nowMs: () => 0, monotonicMs: () => 0 }),
      running: null,
      monotonicMs: () => 0
    });
  const result = (asked: Promise<unknown>): Promise<number> =>
    asked.then(
      () => 200,
      (error: unknown) => (typeof error === 'object' && error && 'status' in error ? Number(error.status) : 0)
    );

  it('do not keep a server out that JupyterHub knew before', async () => {
    const office = officeOf(async token => (token === 'the-token-of-alice' ? user : null));
    expect(await result(office.exchange('token the-token-of-alice'))).toBe(200);
    const made: number[] = [];
    for (let i = 0; i < 1000; i++) {
      made.push(await result(office.exchange(`token made-up-${i}`)));
    }
    expect(made.filter(status => status === 401)).toHaveLength(399);
    expect(made.at(-1)).toBe(429);
    expect(await result(office.exchange('token the-token-of-alice'))).toBe(200);
  });

  it('neither while JupyterHub takes its time with them', async () => {
    let answers = true;
    const office = officeOf(token =>
      token === 'the-token-of-alice' || answers ? Promise.resolve(user) : new Promise(() => undefined)
    );
    expect(await result(office.exchange('token the-token-of-alice'))).toBe(200);
    answers = false;
    for (let i = 0; i < 40; i++) {
      void result(office.exchange(`token made-up-${i}`));
    }
    expect(await result(office.exchange('token made-up-40'))).toBe(503);
    expect(await result(office.exchange('token the-token-of-alice'))).toBe(200);
  });
});

it('a user in a hundred thousand groups costs no more than reading them', () => {
  const tickets = new Tickets(new Uint8Array(32), () => 0);
  const groups = Array.from({ length: 100_000 }, (_, i) => `group-${i}`);
  const beganAtMs = performance.now();
  const { ticket, groupsLeftOut } = tickets.mint({ hub: 'hub', user: 'a', server: '', groups }, 'token');
  expect(performance.now() - beganAtMs).toBeLessThan(500);
  expect(ticket.length).toBeGreaterThan(8000);
  expect(tickets.check(ticket)?.groups).toEqual(groups.slice(0, groups.length - groupsLeftOut));
});
