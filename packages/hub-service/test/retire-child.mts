/** Deletes by age in a log and is killed at one of its statements: `node retire-child.mjs PLACE STATE NOW N`. Says `done` if it got that far. */
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { openKeys } from '../src/keys/keys.js';
import { Retention } from '../src/retention/retention.js';
import { RetentionMetrics } from '../src/retention/retention-metrics.js';
import { openDatabase } from '../src/store/database.js';
import { OwnActs } from '../src/store/own-acts.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { SqlRetention } from '../src/store/sql-retention.js';
import { killAt } from './support/kill-at.js';

const [place = '', state = '', now = '', at = ''] = process.argv.slice(2);
const nowMs = (): number => Number(now);
const database = await openDatabase(JSON.parse(place), () => undefined);
const keys = await openKeys(state);
killAt(Number(at), [[DatabaseSync.prototype, 'prepare']]);
const writer = new SqlLogWriter(database, nowMs);
await new Retention({
  database,
  store: new SqlRetention(database, 'hub'),
  acts: new OwnActs({ database, writer, keys, hubId: 'hub' }),
  policy: () => ({
    digest: 'a'.repeat(64),
    policy: { switch: [], retention: { installs: '30 days', disk: '30 days' } }
  }),
  metrics: new RetentionMetrics(new Registry()),
  log: pino({ level: 'silent' }),
  nowMs,
  monotonicMs: () => 0,
  rest: () => Promise.resolve()
}).run();
await database.close();
process.stdout.write('done');
