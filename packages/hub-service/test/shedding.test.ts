import { randomUUID } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { HUB_PATHS } from '@labkeeper/protocol';
import { LoopLag } from '../src/load/loop-lag.js';
import { CompanionStream } from './support/companion-stream.js';
import { startService, type IRunningService } from './support/running-service.js';

jest.setTimeout(30_000);

/** Of an answer that it gave before. */
const SEEN = `?seen=${'a'.repeat(64)}`;

describe('a service that has too much to do', () => {
  let service: IRunningService;
  let lagMs = 0;
  beforeEach(async () => {
    lagMs = 0;
    // Its clock stands still, so that nobody more is let in after the first hundred.
    service = await startService('sqlite', { lagMs: () => lagMs, holdMs: 100, monotonicMs: () => 1000 });
  });
  afterEach(() => service.close());

  const arrive = (): Promise<Response> =>
    fetch(`${service.url}${HUB_PATHS.ticket}`, {
      method: 'POST',
      headers: { authorization: `token ${randomUUID()}` }
    });
  /** More than are let in however much there is to do. */
  const flood = () => Promise.all(Array.from({ length: 300 }, () => arrive()));
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${service.url}metrics`)).text();
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  };

  it('puts newcomers off before JupyterHub is asked, and tells them different times to come again', async () => {
    lagMs = 400;
    const asked = service.hub.asked;
    const answers = await flood();
    const off = answers.filter(
      ({ status, headers }) => status === 503 && headers.get('connection') === 'close'
    );
    expect(off.length).toBeGreaterThan(150);
    expect(off.length).toBeLessThanOrEqual(200);
    expect(service.hub.asked - asked).toBeLessThanOrEqual(300 - off.length);
    const times = new Set(off.map(({ headers }) => Number(headers.get('retry-after'))));
    expect(times.size).toBeGreaterThan(1);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...times)).toBeLessThanOrEqual(30);
    expect(await off[0]?.json()).toEqual({
      code: 'unavailable',
      message: 'The service has too much to do at the moment.'
    });
    expect(await metric('labkeeper_put_off_total\\{demand="arrival"\\}')).toBe(off.length);
    // Calm again, it takes them.
    lagMs = 0;
    expect((await arrive()).status).toBe(401);
  });

  it('serves first what is sent, asked for receipts, and looked after', async () => {
    const ticket = await service.ticket('anna');
    lagMs = 5000;
    await flood();
    const stream = new CompanionStream();
    const sent = await service.send(ticket, stream.batch(3));
    expect(sent.status).toBe(200);
    for (const path of [
      'health',
      'ready',
      'metrics',
      `${HUB_PATHS.records}?boot=${stream.boot}`,
      HUB_PATHS.own
    ]) {
      const answer = await fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${ticket}` } });
      expect([path, answer.status]).toEqual([path, 200]);
    }
  });

  it('puts off who is here already only where it is overloaded', async () => {
    const ticket = await service.ticket('anna');
    const poll = async (query: string): Promise<number> =>
      (
        await fetch(`${service.url}${HUB_PATHS.events}${query}`, {
          headers: { authorization: `Bearer ${ticket}` }
        })
      ).status;
    lagMs = 400;
    await flood();
    expect([await poll(''), await poll(SEEN)]).toEqual([503, 200]);
    lagMs = 5000;
    await flood();
    expect([await poll(''), await poll(SEEN)]).toEqual([503, 503]);
  });

  it('answers before a body is read', async () => {
    lagMs = 400;
    await flood();
    const { port } = new URL(service.url);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = httpRequest(
        {
          ...{
            host: '127.0.0.1',
            port,
            method: 'POST',
            path: `${new URL(service.url).pathname}${HUB_PATHS.ticket}`
          },
          headers: { authorization: 'token aaaaaaaaaaaa', 'content-length': 100_000_000 }
        },
        resolve
      );
      asked.on('error', reject);
      // The body never comes.
      asked.write('x');
    });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers.connection).toBe('close');
    answer.destroy();
  });
});

it('knows how late the event loop of this process is', async () => {
  const lag = new LoopLag(() => performance.now());
  const turn = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
  for (let at = 0; at < 4; at += 1) {
    const untilMs = performance.now() + 400;
    while (performance.now() < untilMs) {
      // Nobody else has a turn.
    }
    await turn(0);
  }
  const late = lag.lagMs();
  expect(late).toBeGreaterThan(150);
  await turn(600);
  lag.lagMs();
  await turn(600);
  expect(lag.lagMs()).toBeLessThan(late / 2);
  lag.close();
});
