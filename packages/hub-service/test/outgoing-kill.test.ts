import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase, type DatabaseKind } from '../src/store/database.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { HubStandIn } from './support/hub-stand-in.js';
import { indexOf, SyslogReceiver } from './support/receivers.js';
import { scratchDatabase, scratchFolder } from './support/scratch-databases.js';
import { buildProgram } from './support/build-program.js';

jest.setTimeout(150_000);

const RECORDS = 8000;
const BATCH = 100;

describe('a service that is killed while it forwards the log', () => {
  it.each<DatabaseKind>(['sqlite', 'postgres'])(
    'goes on where it was, and leaves nothing out, on %s',
    async kind => {
      const folder = scratchFolder();
      const scratch = await scratchDatabase(kind);
      const database = await openDatabase(scratch.place, () => undefined);
      const stream = new CompanionStream();
      const writer = new SqlLogWriter(database, () => Date.now());
      const speaker = { hub: 'hub', user: 'anna', server: '', groups: [] };
      for (let written = 0; written < RECORDS; written += BATCH) {
        await writer.append([batchOf(speaker, stream.batch(BATCH))]);
      }
      await database.close();
      const syslog = await SyslogReceiver.start();
      syslog.slowMs = 150;
      const policy = join(folder.path, 'labkeeper.toml');
      writeFileSync(
        policy,
        [
          '[[target]]',
          'kind = "syslog"',
          'name = "siem"',
          `url = "tcp://127.0.0.1:${syslog.port}"`,
          'allow_internal = "127.0.0.1"',
          'from = "beginning"'
        ].join('\n')
      );
      const hub = await HubStandIn.start();
      const program = join(folder.path, 'hub-service.mjs');
      await buildProgram(join(__dirname, '../src/main.ts'), program);
      const start = () =>
        spawn(process.execPath, [program], {
          env: {
            JUPYTERHUB_API_TOKEN: 'service-token',
            JUPYTERHUB_API_URL: hub.apiUrl,
            JUPYTERHUB_SERVICE_URL: 'http://127.0.0.1:0',
            LABKEEPER_STATE: join(folder.path, 'state'),
            LABKEEPER_POLICY: policy,
            LABKEEPER_DATABASE:
              scratch.place.kind === 'sqlite' ? `sqlite:${scratch.place.file}` : scratch.place.url
          },
          stdio: 'ignore'
        });
      const reached = async (count: number): Promise<void> => {
        for (let tries = 0; tries < 600 && new Set(syslog.messages.map(indexOf)).size < count; tries += 1) {
          await pause(100);
        }
      };
      let service = start();
      await reached(1000);
      service.kill('SIGKILL');
      await once(service, 'close');
      const before = syslog.messages.length;
      expect(before).toBeGreaterThanOrEqual(1000);
      expect(before).toBeLessThan(RECORDS);
      service = start();
      await reached(RECORDS);
      service.kill('SIGTERM');
      await once(service, 'close');
      const indexes = syslog.messages.map(indexOf);
      expect([...new Set(indexes)]).toEqual(Array.from({ length: RECORDS }, (_, i) => i));
      // What was under way is sent again: one batch, and nothing of what was acknowledged before it.
      expect(indexes.length - RECORDS).toBeLessThanOrEqual(500);
      await syslog.close();
      await hub.close();
      await scratch.remove();
      folder.remove();
    }
  );
});
