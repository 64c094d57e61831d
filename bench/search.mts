// audit.search.p95: ms in which the reader lists the 50 records of a page of the Install log over ten million on PostgreSQL,
// with the service's own schema, indexes and reader. Not in it: that the look is put on record, and that the page is made of
// what was read. Each filter alone, three mixes, and pages deep down; at least 200 questions per class, each asked once
// before it is timed. Action, effect and grade have only 8, 4 and 5 values. The value is the p95 of the worst class.
import { openDatabase } from '../packages/hub-service/lib/store/database.js';
import type { ILogFilter, ILogPlace } from '../packages/hub-service/lib/store/log-reader.js';
import { SqlLogReader } from '../packages/hub-service/lib/store/sql-log-reader.js';
import { loadLog, psql } from './lib/load-log.mts';
import { whenQuiet } from './lib/machine.mts';
import {
  dice,
  GROUPS,
  groupName,
  packageName,
  PERSONS,
  skewed,
  TOOLS,
  versionOf
} from './lib/made-records.mts';
import { record } from './lib/result.mts';
import { quantile } from './lib/statistics.mts';
import { extent } from './lib/trial.mts';

const RECORDS = Number(process.env['LABKEEPER_RECORDS'] ?? extent(10_000_000, 1_000_000));
const QUESTIONS = extent(200, 60);
const PAGE = 50;
const DAY_MS = 86_400_000;
const END_MS = Date.UTC(2026, 10, 1);
const SERVER = process.env['LABKEEPER_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432';

const draw = dice(7);
/** Half of what is asked is what is often there, half is anything. */
const among = (count: number): number => (draw() < 0.5 ? skewed(draw(), count) : Math.floor(draw() * count));
const user = (): string => `user-${1 + Math.floor(draw() * PERSONS)}`;
const rank = (): number => among(30_000);
const daysAgo = (most: number): number => END_MS - Math.floor(draw() * most) * DAY_MS;
const one = <T,>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!;
const time = (days: number): ILogFilter => {
  const fromMs = daysAgo(700);
  return { fromMs, untilMs: fromMs + days * DAY_MS };
};
const TEXTS = [
  'py',
  'credit',
  'lib',
  'torch',
  'model',
  'risk-core',
  'yield-io',
  'zzz',
  '-1',
  'x',
  'data-tools-12'
];

const CLASSES: Readonly<Record<string, () => ILogFilter>> = {
  newest: () => ({}),
  text: () => ({ text: draw() < 0.5 ? one(TEXTS) : packageName(rank()).slice(Math.floor(draw() * 5)) }),
  user: () => ({ user: user() }),
  group: () => ({ group: groupName(among(GROUPS)) }),
  server: () => ({ server: draw() < 0.3 ? '' : `gpu-${Math.floor(draw() * 97)}` }),
  package: () => ({ package: packageName(rank()) }),
  version: () => ({ version: versionOf(rank(), draw()) }),
  tool: () => ({ tool: one(TOOLS)[0] }),
  action: () => ({
    action: one(['install', 'upgrade', 'remove', 'found-on-disk', 'altered', 'request', 'deny', 'gap'])
  }),
  effect: () => ({ effect: one(['allow', 'warn', 'deny', 'require-approval']) }),
  grade: () => ({ grade: one(['confirmed', 'corroborated', 'claimed', 'stream', 'unreadable']) }),
  time: () => time(1 + Math.floor(draw() * 60)),
  'user, package, time': () => ({ user: user(), package: packageName(rank()), ...time(90) }),
  'group, effect': () => ({ group: groupName(among(GROUPS)), effect: one(['deny', 'warn']) }),
  'package, version': () => {
    const one = rank();
    return { package: packageName(one), version: versionOf(one, draw()) };
  }
};
/** Pages that begin anywhere in these two years. */
const DEEP = ['newest', 'user', 'group', 'package', 'tool', 'text'];

await whenQuiet();
const name = `labkeeper_bench_${process.pid}`;
const url = `${SERVER}/${name}`;
psql(`${SERVER}/postgres`, `create database ${name}`);
const database = await openDatabase({ kind: 'postgres', url }, error => console.error(error));
try {
  const beganAtMs = performance.now();
  await loadLog(url, RECORDS, END_MS);
  const loadSeconds = Math.round((performance.now() - beganAtMs) / 1000);
  console.log(`${RECORDS} records loaded in ${loadSeconds} s`);
  const reader = new SqlLogReader(database, Date.now);
  const classes: Record<
    string,
    { p50: number; p95: number; worst: number; rows: number; slowest: ILogFilter }
  > = {};
  const measure = async (
    label: string,
    make: () => ILogFilter,
    after: () => ILogPlace | null
  ): Promise<void> => {
    const questions = Array.from({ length: QUESTIONS }, () => ({ filter: make(), after: after() }));
    const took: number[] = [];
    let rows = 0;
    for (const isTimed of [false, true])
      for (const question of questions) {
        const askedAtMs = performance.now();
        const page = await reader.list(question.filter, question.after, PAGE);
        if (isTimed) {
          took.push(performance.now() - askedAtMs);
          rows += page.length;
        }
      }
    const worst = Math.max(...took);
    classes[label] = {
      ...{ p50: quantile(took, 0.5), p95: quantile(took, 0.95), worst, rows: rows / QUESTIONS },
      slowest: questions[took.indexOf(worst)]!.filter
    };
    const { p50, p95 } = classes[label];
    console.log(
      `${label.padEnd(24)} p50 ${p50.toFixed(1)} p95 ${p95.toFixed(1)} worst ${worst.toFixed(1)} ms, ${(rows / QUESTIONS).toFixed(0)} rows, slowest ${JSON.stringify(classes[label].slowest)}`
    );
  };
  for (const [label, make] of Object.entries(CLASSES)) await measure(label, make, () => null);
  for (const label of DEEP)
    await measure(`${label}, deep`, CLASSES[label]!, () => ({
      ...{ receivedAtMs: daysAgo(700), index: RECORDS }
    }));
  const [worst] = Object.entries(classes).sort(([, a], [, b]) => b.p95 - a.p95);
  record(
    {
      id: 'audit.search.p95',
      what:
        `ms to list a page of ${PAGE} of the Install log over ${RECORDS} records on PostgreSQL by the service's reader, without the record of the look ` +
        `and without rendering; p95 of the worst of ${Object.keys(classes).length} classes ("${worst![0]}"), ${QUESTIONS} questions each ` +
        '(of action, effect and grade there are only 8, 4 and 5 values), warm',
      unit: 'ms',
      value: worst![1].p95,
      n: QUESTIONS,
      samples: { classes, loadSeconds }
    },
    'search'
  );
} finally {
  await database.close();
  psql(`${SERVER}/postgres`, `drop database ${name} with (force)`);
}
