import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ticketPath } from '@labkeeper/protocol';
import { openFurtherHubs } from '../src/hubs/open-further-hubs.js';
import { openDatabase, type DatabaseKind } from '../src/store/database.js';
import { keepFurtherHubs } from '../src/store/further-hubs.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { scratchDatabase, scratchFolder } from './support/scratch-databases.js';
import { HUBS, startTwoHubs } from './support/two-hubs.js';

jest.setTimeout(60_000);

describe.each<DatabaseKind>(['sqlite', 'postgres'])(
  'replicas that get their file one by one, on %s',
  kind => {
    it('limit people to their hub as soon as one of them was told of another', async () => {
      const service = await startTwoHubs(kind);
      try {
        for (const hub of HUBS) {
          const speaker = { hub, user: 'ada', server: '', groups: [] };
          await new SqlLogWriter(service.database, Date.now).append([
            batchOf(speaker, new CompanionStream().batch(3))
          ]);
        }
        const west = await service.staff('west');
        const other = await service.withoutFile();
        const shown = async (): Promise<string> => (await west.ask('/log', {}, other)).body;
        await service.database.write.deleteFrom('further_hub').execute();
        other.start();
        await pause(1500);
        expect(await shown()).toContain('6 records');
        await keepFurtherHubs(service.database, ['east'], Date.now());
        await pause(2500);
        expect(await shown()).toContain('3 records');
        // Its token is nothing that the first hub may see.
        const token = service.hubs.east.serverToken(randomUUID(), 'ada', '');
        const asked = await other.machine.inject({
          method: 'POST',
          url: `/services/labkeeper/${ticketPath('east')}`,
          headers: { authorization: `token ${token}` }
        });
        expect([asked.statusCode, service.hubs.west.asked]).toEqual([403, 0]);
        await other.close();
      } finally {
        await service.close();
      }
    });

    it('trust the first further hub only when all others have looked', async () => {
      const [folder, scratch] = [scratchFolder(), await scratchDatabase(kind)];
      const database = await openDatabase(scratch.place, () => undefined);
      try {
        const file = join(folder.path, 'hubs.toml');
        writeFileSync(
          file,
          '[[hub]]\nid = "east"\napi_url = "http://east/hub/api"\npublic_url = "http://east/"\ntoken = "12345678"\n'
        );
        const waits: number[] = [];
        const open = (nowMs: number) =>
          openFurtherHubs({
            ...{ file, database, nowMs, timeoutMs: 1, stoppingMs: 1 },
            keys: { secret: () => new Uint8Array(32) },
            first: { id: 'west', apiUrl: 'http://west/hub/api', pagesOrigin: null },
            log: { error: () => undefined, warn: () => undefined, info: () => undefined },
            wait: async ms => waits.push(ms)
          });
        await open(10_000);
        // Another replica that begins meanwhile, and one of later.
        await open(11_000);
        await open(14_000);
        expect(waits).toEqual(kind === 'postgres' ? [3000, 3000] : []);
      } finally {
        await database.close();
        await scratch.remove();
        folder.remove();
      }
    });
  }
);
