import { join } from 'node:path';
import { BatchAnswer, HubRefusal } from '@labkeeper/protocol';
import { pino } from 'pino';
import * as v from 'valibot';
import { createApp } from '../src/app.js';
import { createHubApi } from '../src/hub-api/hub-api.js';
import { openKeys } from '../src/keys/keys.js';
import { openDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { CompanionStream } from './support/companion-stream.js';
import { HubStandIn } from './support/hub-stand-in.js';
import { sendBatch, ticketFor } from './support/running-service.js';
import { SmallDisk } from './support/small-disk.js';

jest.setTimeout(60_000);

const reason = SmallDisk.whyNot();
const itWithDisk = reason === null ? it : it.skip;

itWithDisk(
  `a full disk under SQLite: a clear answer, nothing lost, and it goes on when there is room${reason === null ? '' : `: skipped, ${reason}`}`,
  async () => {
    const disk = new SmallDisk(4);
    const hub = await HubStandIn.start();
    const place = { kind: 'sqlite', file: join(disk.path, 'log.sqlite') } as const;
    const database = await openDatabase(place, () => undefined);
    const logged: string[] = [];
    const app = createApp({
      settings: {
        ...{ hubId: 'hub', hubApiUrl: hub.apiUrl, hubToken: 'service-token', serviceName: 'labkeeper' },
        ...{ prefix: '/', machine: { host: '127.0.0.1', port: 0 }, pages: null, stateFolder: disk.path },
        ...{ database: place, policyFile: null, build: 'test' }
      },
      ...{ database, keys: await openKeys(join(disk.path, 'state')) },
      hubApi: createHubApi({ url: hub.apiUrl, timeoutMs: 2000 }),
      log: pino({ level: 'error' }, { write: line => void logged.push(line) }),
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now()
    });
    try {
      await app.policy.start();
      const url = `${await app.machine.listen({ host: '127.0.0.1', port: 0 })}/`;
      const ticket = await ticketFor(url, hub.serverToken('token-of-alice-0123456789', 'alice', ''));
      const stream = new CompanionStream();
      let acknowledged = 0;
      const send = async (body: Buffer): Promise<Response> => {
        const response = await sendBatch(url, ticket, body);
        if (response.status === 200) {
          acknowledged = v.parse(BatchAnswer, await response.clone().json()).receipt?.body.seq ?? 0;
        }
        return response;
      };
      expect((await send(stream.batch(20))).status).toBe(200);
      for (let round = 0; round < 3; round += 1) {
        disk.fill();
        // What SQLite has room for already is taken.
        let body = stream.batch(20);
        let answer = await send(body);
        for (; answer.status === 200; answer = await send(body)) {
          body = stream.batch(20);
        }
        expect(answer.status).toBe(503);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(v.parse(HubRefusal, await answer.json())).toEqual({
          code: 'unavailable',
          message: 'The log cannot be written now.'
        });
        expect(logged.at(-1)).toMatch(/database or disk is full|disk I\/O error/);
        // The same again is no different, and what was acknowledged can be read.
        expect((await send(body)).status).toBe(503);
        expect(await new LogRange(database).end()).toBe(acknowledged);
        disk.makeRoom();
        const later = await send(body);
        expect([later.status, acknowledged]).toEqual([200, stream.seq]);
      }
      await app.close();
      await database.close();
      const again = await openDatabase(place, () => undefined);
      const range = new LogRange(again);
      const seqs: unknown[] = [];
      for await (const { entry } of range.entries(0, await range.end(), null, false)) {
        seqs.push(JSON.parse(entry).seq);
      }
      expect(seqs).toEqual(Array.from({ length: acknowledged }, (_, i) => i + 1));
      await again.close();
    } finally {
      await hub.close();
      disk.remove();
    }
  }
);
