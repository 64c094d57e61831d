import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { HubClient } from '../../src/audit/hub-client.js';
import { HubTickets } from '../../src/audit/hub-tickets.js';
import { OutgoingLedger } from '../../src/outgoing/outgoing-ledger.js';
import { FakeClock } from '../fake-clock.js';

describe('the ticket of the hub service', () => {
  let server: Server;
  let asked: number;
  let status: number;
  let later: string | null;
  let clock: FakeClock;
  let tickets: HubTickets;

  beforeEach(async () => {
    [asked, status, later, clock] = [0, 503, '30', new FakeClock(Date.now())];
    server = createServer((_request, response) => {
      asked += 1;
      const body =
        status === 200
          ? { ticket: 'good', expiresAtMs: 700_000, protocols: [1], nowMs: 100_000 }
          : { code: 'unavailable', message: 'Busy.' };
      response.writeHead(status, later === null ? {} : { 'retry-after': later }).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const url = new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`);
    const client = new HubClient(url, () => clock.wallMs(), new OutgoingLedger(Date.now));
    tickets = new HubTickets({ client, token: 'secret', clock });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  it('is not asked for by anybody here before the pause that the service asked for is over', async () => {
    const refused = { kind: 'refused', failure: 'later', said: 'says: Busy.' };
    expect(await Promise.all([tickets.get(), tickets.get()])).toMatchObject([refused, refused]);
    clock.advance(20_000);
    // The records' relay, the watch over policy and the events ask one after the other.
    expect(await tickets.get()).toMatchObject({ ...refused, laterMs: 10_000 });
    expect(asked).toBe(1);
    status = 200;
    clock.advance(10_000);
    expect(await tickets.get()).toMatchObject({ kind: 'ticket', ticket: 'good' });
    expect(asked).toBe(2);
  });

  it('is asked for again at once where the service asked for no pause', async () => {
    later = null;
    await tickets.get();
    await tickets.get();
    expect(asked).toBe(2);
  });

  it('waits an hour at most, whatever the service says', async () => {
    later = '999999999';
    await tickets.get();
    clock.advance(3_599_000);
    await tickets.get();
    expect(asked).toBe(1);
    clock.advance(1000);
    await tickets.get();
    expect(asked).toBe(2);
  });
});
