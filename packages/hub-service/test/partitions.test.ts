import { join } from 'node:path';
import { monthAt } from '@labkeeper/core';
import { sql } from 'kysely';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { DigestMaker } from '../src/digests/digest-maker.js';
import { openKeys, registerSigningKey } from '../src/keys/keys.js';
import { PartitionKeeper } from '../src/partitions/partition-keeper.js';
import { openDatabase, type IDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import type { ILogPlace } from '../src/store/log-reader.js';
import { defaultOf, makeMonth, PARTITIONED } from '../src/store/partitions.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { SqlPartitions } from '../src/store/sql-partitions.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { partsOf, placesOf } from './support/months.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const ALICE = { hub: 'hub', user: 'alice', server: '', groups: ['lab'] };
const THIS = monthAt(Date.now());
const after = (months: number) => {
  let month = THIS;
  for (let i = 0; i < months; i++) {
    month = monthAt(month.untilMs);
  }
  return month;
};
const YEAR_MS = 366 * 86_400_000;

let scratch: IScratchDatabase;
let database: IDatabase;
let nowMs: number;
let writer: SqlLogWriter;
let partitions: SqlPartitions;
const open = (): Promise<IDatabase> => openDatabase(scratch.place, () => undefined);
const now = (): number => nowMs;

beforeEach(async () => {
  scratch = await migratedDatabase('postgres');
  database = await open();
  nowMs = Date.now();
  writer = new SqlLogWriter(database, now);
  partitions = new SqlPartitions(database, now);
});
afterEach(async () => {
  await database.close();
  await scratch.remove();
});

/** Appends at a time, by a replica of its own: received times of one never step back. */
async function at(atMs: number, count = 3, stream = new CompanionStream(), user = 'alice'): Promise<void> {
  const [appended] = await new SqlLogWriter(database, () => atMs).append([
    batchOf({ ...ALICE, user }, stream.batch(count))
  ]);
  expect(appended?.kind).toBe('stored');
}

async function leaves(): Promise<number> {
  const range = new LogRange(database);
  let count = 0;
  for await (const leaf of range.leaves(0, await range.end())) {
    expect(leaf).toHaveLength(32);
    count += 1;
  }
  return count;
}

it('a new log has this month and three more, with all indexes in each', async () => {
  for (const table of PARTITIONED) {
    const months = [0, 1, 2, 3].map(i => `${table}_${after(i).name}`);
    expect(await partsOf(database.read, table)).toEqual(
      [...months, `${table}_before`, `${table}_default`].sort()
    );
  }
  const indexesOf = async (table: string): Promise<string[]> => {
    const { rows } = await sql<{ definition: string }>`
      select regexp_replace(pg_get_indexdef(indexrelid), '^CREATE (UNIQUE )?INDEX .* ON (ONLY )?[^ ]+', '\\1') as definition
      from pg_index where indrelid = ${table}::regclass order by 1`.execute(database.read);
    return rows.map(({ definition }) => definition);
  };
  for (const table of PARTITIONED) {
    const whole = await indexesOf(table);
    const unique =
      table === 'record' ? ['UNIQUE  USING btree (idx)', 'UNIQUE  USING btree (stream_id, seq)'] : [];
    expect(whole.length).toBeGreaterThan(table === 'record' ? 12 : 0);
    for (const part of await partsOf(database.read, table)) {
      expect([part, (await indexesOf(part)).sort()]).toEqual([part, [...whole, ...unique].sort()]);
    }
  }
});

it('records at the turn of a month lie in two months, and are one log', async () => {
  const stream = new CompanionStream();
  await at(after(0).untilMs - 1, 3, stream);
  await at(after(1).fromMs, 3, stream);
  const [first, second] = [after(0).name, after(1).name];
  expect([...(await placesOf(database.read)).values()]).toEqual([
    first,
    first,
    first,
    second,
    second,
    second
  ]);
  nowMs = after(1).fromMs + 1;
  const reader = new SqlLogReader(database, now);
  const page = await reader.list({}, null, 4);
  expect(page.map(({ index }) => index)).toEqual([5, 4, 3, 2]);
  expect((await reader.list({}, page.at(-1) ?? null, 4)).map(({ index }) => index)).toEqual([1, 0]);
  // By a clock that is still in the month before, the newest are found all the same.
  nowMs = after(0).untilMs - 1;
  expect((await reader.list({}, null, 4)).map(({ index }) => index)).toEqual([5, 4, 3, 2]);
  const story = await reader.story(2);
  expect(story?.neighbours.map(({ index }) => index)).toEqual([0, 1, 3, 4, 5]);
  expect(story?.personal).toContain('salt');
});

it('a batch that comes again in another month, or to another replica at once, is stored once', async () => {
  const stream = new CompanionStream();
  const [first, second] = [stream.batch(4), stream.batch(4)].map(body => batchOf(ALICE, body));
  if (!first || !second) {
    throw new Error('A batch is missing.');
  }
  const replica = (atMs: number) => new SqlLogWriter(database, () => atMs);
  const kinds = async (writers: SqlLogWriter[], batch = first): Promise<string[]> =>
    (await Promise.all(writers.map(each => each.append([batch])))).flat().map(({ kind }) => kind);
  const [old, young] = [after(0).untilMs - 1, after(1).fromMs];
  expect((await kinds([replica(old), replica(young), replica(old), replica(young)])).sort()).toEqual([
    ...['conflict', 'conflict', 'conflict', 'stored']
  ]);
  expect(await kinds([replica(after(2).fromMs)])).toEqual(['conflict']);
  expect((await kinds([replica(young), replica(old), replica(nowMs + YEAR_MS)], second)).sort()).toEqual([
    ...['conflict', 'conflict', 'stored']
  ]);
  expect(await kinds([replica(after(3).fromMs)])).toEqual(['conflict']);
  const { rows } = await sql<{ n: number; heads: number; ends: number }>`select count(*) as n,
    count(distinct (stream_id, seq)) as heads, max(idx) + 1 as ends from record`.execute(database.read);
  expect(rows).toEqual([{ n: 8, heads: 8, ends: 8 }]);
});

it('a clock that is a year ahead loses nothing, is found, and its records get months of their own', async () => {
  await at(nowMs);
  await at(nowMs + YEAR_MS);
  await at(nowMs);
  const far = monthAt(nowMs + YEAR_MS).name;
  expect([...(await placesOf(database.read)).values()].slice(3, 6)).toEqual([
    'default',
    'default',
    'default'
  ]);
  expect(await partitions.state()).toMatchObject({ strays: 3, madeUntilMs: after(3).untilMs });
  const reader = new SqlLogReader(database, now);
  const order = [5, 4, 3, 8, 7, 6, 2, 1, 0];
  const check = async (): Promise<void> => {
    const rows = await reader.list({ group: 'lab' }, null, 20);
    expect(rows.map(({ index }) => index)).toEqual(order);
    const pages: number[] = [];
    for (let place: ILogPlace | null = null; ;) {
      const page: typeof rows = await reader.list({}, place, 2);
      const last = page.at(-1);
      if (!last) {
        break;
      }
      pages.push(...page.map(({ index }) => index));
      place = last;
    }
    expect(pages).toEqual(order);
    expect((await reader.story(4))?.personal).toContain('salt');
    expect(await leaves()).toBe(9);
  };
  await check();
  // Another replica goes on meanwhile.
  const [kept] = await Promise.all([partitions.keep(), at(nowMs + YEAR_MS, 3, new CompanionStream(), 'ben')]);
  expect(kept).toBe(true);
  await partitions.keep();
  expect(new Set((await placesOf(database.read)).values())).toEqual(new Set([THIS.name, far]));
  expect(await partitions.state()).toMatchObject({ strays: 0 });
  order.unshift(11, 10, 9);
  expect((await reader.list({}, null, 3)).map(({ index }) => index)).toEqual([11, 10, 9]);
  expect(await leaves()).toBe(12);
  // A retry finds its head, and the month is one as any other.
  await at(nowMs + YEAR_MS);
  expect((await placesOf(database.read)).get(12)).toBe(far);
});

it('a clock that is a year behind writes into the part of before', async () => {
  await at(nowMs - YEAR_MS);
  expect([...(await placesOf(database.read)).values()]).toEqual(['before', 'before', 'before']);
  expect((await new SqlLogReader(database, now).list({}, null, 9)).map(({ index }) => index)).toEqual([
    2, 1, 0
  ]);
});

it('a service that was off for months fills the gap, and moves what came before it did', async () => {
  nowMs = after(8).fromMs + 1000;
  await at(nowMs, 3);
  await at(after(6).fromMs, 3);
  expect(new Set((await placesOf(database.read)).values())).toEqual(new Set(['default']));
  await partitions.keep();
  for (const table of PARTITIONED) {
    const months = Array.from({ length: 12 }, (_, i) => `${table}_${after(i).name}`);
    expect(await partsOf(database.read, table)).toEqual(
      [...months, `${table}_before`, `${table}_default`].sort()
    );
  }
  expect([...(await placesOf(database.read)).values()]).toEqual(
    [8, 8, 8, 6, 6, 6].map(months => after(months).name)
  );
  expect(await partitions.state()).toEqual({ strays: 0, madeUntilMs: after(11).untilMs });
  expect(await leaves()).toBe(6);
});

it('more strays than are copied at a time are moved whole, while a replica appends more of them', async () => {
  const streams = [new CompanionStream(), new CompanionStream()];
  const [one, two] = streams;
  const lateMs = after(9).fromMs;
  for (let i = 0; i < 11; i++) {
    await at(lateMs + i, 500, one);
  }
  // One that stays, so that the default part is not emptied as a whole.
  await at(Date.UTC(2300, 0, 1), 1);
  let isOver = false;
  const appending = (async () => {
    let count = 0;
    for (; !isOver; count += 7) {
      await at(lateMs + count, 7, two, 'ben');
    }
    return count;
  })();
  expect(await partitions.keep()).toBe(true);
  isOver = true;
  const more = await appending;
  expect(more).toBeGreaterThan(7);
  const places = [...(await placesOf(database.read)).values()];
  expect(places.filter(part => part === after(9).name)).toHaveLength(5500 + more);
  expect(places.filter(part => part === 'default')).toHaveLength(1);
  expect(await leaves()).toBe(5501 + more);
  expect(await partitions.state()).toMatchObject({ strays: 1 });
  const { rows } = await sql`select 1 from pg_constraint where conname like '%month'`.execute(database.read);
  expect(rows).toEqual([]);
});

it('what is erased while its month is being filled does not come back', async () => {
  await at(after(7).fromMs, 3, new CompanionStream(), 'anna');
  await at(after(8).fromMs, 3, new CompanionStream(), 'ben');
  // When the second month is made, the first one is copied.
  await sql
    .raw(
      `create function erase_now() returns event_trigger language plpgsql as $$ begin
        if exists (select 1 from pg_event_trigger_ddl_commands() where object_identity = 'public.record_${after(8).name}') then
          delete from personal where person_id = (select id from person where name = 'anna');
        end if;
      end $$;
      create event trigger erase_now on ddl_command_end when tag in ('CREATE TABLE') execute function erase_now()`
    )
    .execute(database.write);
  await partitions.keep();
  const rows = await database.read.selectFrom('personal').select('idx').orderBy('idx').execute();
  expect(rows.map(({ idx }) => idx)).toEqual([3, 4, 5]);
  expect(new Set((await placesOf(database.read)).values())).toEqual(new Set([after(7).name, after(8).name]));
});

it('two replicas at once make each month once', async () => {
  nowMs = after(5).fromMs;
  await at(nowMs);
  const other = await open();
  try {
    const both = [partitions, new SqlPartitions(other, now)];
    const kept = await Promise.all(both.map(each => each.keep()));
    expect(kept).toContain(true);
    await Promise.all(both.map(each => each.keep()));
    expect(await partsOf(database.read)).toHaveLength(11);
    expect(await leaves()).toBe(3);
  } finally {
    await other.close();
  }
});

it('what an interrupted one left is made anew, and an archive of a month is left alone', async () => {
  const [left, archived] = [after(4), after(0)];
  await at(left.fromMs);
  await makeMonth(database.write, { table: 'record', month: left });
  await sql`insert into ${sql.table(`record_${left.name}`)} select * from record_default where idx < 2`.execute(
    database.write
  );
  await sql.raw(`alter table personal detach partition personal_${archived.name}`).execute(database.write);
  await expect(partitions.keep()).rejects.toMatchObject({ code: '42P07' });
  expect(await leaves()).toBe(3);
  await sql
    .raw(`alter table personal_${archived.name} rename to archive_of_personal`)
    .execute(database.write);
  await partitions.keep();
  expect(new Set((await placesOf(database.read)).values())).toEqual(new Set([left.name]));
  expect(await partsOf(database.read, 'personal')).toContain(`personal_${archived.name}`);
  const { rows } = await sql`select 1 from archive_of_personal`.execute(database.read);
  expect(rows).toEqual([]);
});

it('while somebody reads for long nothing is made, records are taken all the same, and it is told', async () => {
  nowMs = after(5).fromMs;
  const registry = new Registry();
  const log = pino({ level: 'silent' });
  const keeper = new PartitionKeeper({ database, registry, log, nowMs: now });
  const metric = async (name: string): Promise<string> =>
    (await registry.getSingleMetricAsString(`labkeeper_partition_${name}`)).split(' ').at(-1) ?? '';
  await database.read.transaction().execute(async reading => {
    await sql`lock table ${sql.table(defaultOf('record'))} in access share mode`.execute(reading);
    const beganMs = performance.now();
    await keeper.run();
    expect(performance.now() - beganMs).toBeLessThan(10_000);
    expect(await keeper.state()).toMatchObject({ trouble: 'busy', strays: 0 });
    await at(nowMs);
    await keeper.run();
    expect(await keeper.state()).toMatchObject({ trouble: 'busy', strays: 3 });
    expect([
      await metric('trouble'),
      await metric('failures_total'),
      await metric('default_records')
    ]).toEqual([...['1', '2', '3']]);
  });
  await keeper.run();
  expect(await keeper.state()).toEqual({ trouble: null, strays: 0, madeUntilMs: after(8).untilMs });
  expect([await metric('trouble'), await metric('default_records')]).toEqual(['0', '0']);
  await keeper.close();
});

it('without any month records are taken, digested and erased all the same', async () => {
  for (const table of PARTITIONED) {
    for (const part of (await partsOf(database.read, table)).filter(name => !name.endsWith('default'))) {
      await sql.raw(`drop table ${part}`).execute(database.write);
    }
  }
  await at(nowMs, 3);
  expect(new Set((await placesOf(database.read)).values())).toEqual(new Set(['default']));
  const folder = scratchFolder();
  const keys = await openKeys(join(folder.path, 'state'));
  await registerSigningKey(database, keys, nowMs);
  expect(await new DigestMaker({ database, keys, nowMs: now }).make()).toHaveLength(1);
  folder.remove();
  const actor = { hub: 'hub', by: 'lead', reason: 'has left' };
  expect(await new SqlLegal(database, now).erase(actor, 'alice')).toMatchObject({ kind: 'erased' });
  expect(await database.read.selectFrom('personal').select('idx').execute()).toEqual([]);
  expect((await new SqlLogReader(database, now).story(1))?.personalErased).toBe(true);
  await partitions.keep();
  expect(new Set((await placesOf(database.read)).values())).toEqual(new Set([THIS.name]));
  await writer.append([batchOf(ALICE, new CompanionStream().batch(1))]);
  expect(await leaves()).toBe(4);
});

it('on SQLite there are no months, and nothing is wrong', async () => {
  const file = await migratedDatabase('sqlite');
  const sqlite = await openDatabase(file.place, () => undefined);
  const keeper = new PartitionKeeper({
    ...{ database: sqlite, registry: new Registry(), nowMs: now },
    log: pino({ level: 'silent' })
  });
  keeper.start();
  await keeper.run();
  expect(await keeper.state()).toBeNull();
  await keeper.close();
  await sqlite.close();
  await file.remove();
});
