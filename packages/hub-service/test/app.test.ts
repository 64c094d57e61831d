import { HUB_PATHS } from '@labkeeper/protocol';
import { pino } from 'pino';
import { createApp } from '../src/app.js';
import type { IPagesParts, PagesPlugin } from '../src/pages-seam.js';
import { refusal } from './support/answers.js';
import { CompanionStream } from './support/companion-stream.js';
import { startService } from './support/running-service.js';

jest.setTimeout(60_000);

describe('the service', () => {
  it('gives pages their own listener, where there is a host for them, and what they need', async () => {
    const service = await startService('sqlite');
    const given: IPagesParts[] = [];
    const plugin: PagesPlugin = async (fastify, parts) => {
      given.push(parts);
      fastify.get('/', async () => ({ status: await parts.reader.status() }));
    };
    const app = createApp({
      settings: {
        ...service.settings,
        pages: { origin: 'http://127.0.0.2:8010', listen: { host: '127.0.0.2', port: 0 } }
      },
      database: service.database,
      keys: service.keys,
      hubApi: { whoIs: () => Promise.resolve(null) },
      log: pino({ level: 'silent' }),
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      pages: [plugin]
    });
    try {
      const page = await app.pages?.inject('/');
      expect(page?.json()).toMatchObject({ status: { records: 0 } });
      expect(given[0]).toMatchObject({ keys: service.keys, settings: { hubId: 'hub' } });
      expect(app.machine.server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000 });
      // Whatever is asked of it, the machine listener has no page, and the pages' listener takes no record.
      expect((await app.machine.inject('/')).statusCode).toBe(404);
      expect((await app.pages?.inject({ method: 'POST', url: `/${HUB_PATHS.records}` }))?.statusCode).toBe(
        404
      );
    } finally {
      await app.close();
      await service.close();
    }
  });

  it('says that it cannot write while the database is away, and acknowledges nothing', async () => {
    const service = await startService('postgres');
    try {
      const ticket = await service.ticket('alice');
      const stream = new CompanionStream();
      const body = stream.batch(2);
      await service.database.close();
      const response = await service.send(ticket, body);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(await refusal(response)).toEqual([503, 'unavailable']);
      expect((await fetch(`${service.url}ready`)).status).toBe(503);
      expect((await fetch(`${service.url}health`)).status).toBe(200);
    } finally {
      await service.close();
    }
  });
});
