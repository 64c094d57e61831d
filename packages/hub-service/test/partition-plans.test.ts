import { monthAt } from '@labkeeper/core';
import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { PersonKeys } from '../src/store/person-keys.js';
import { openDatabase, type IDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import type { ILogFilter, ILogPlace } from '../src/store/log-reader.js';
import { entriesAt } from '../src/store/own-entries.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { SqlPartitions } from '../src/store/sql-partitions.js';
import type { ITables } from '../src/store/tables.js';
import { readForwarded } from '../src/outgoing/read-forwarded.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { partsOf } from './support/months.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(120_000);

/** Months with records, and records in each. */
const MONTHS = 12;
const RECORDS = 400;
const FIRST_MS = monthAt(monthAt(Date.now()).untilMs).fromMs;
const monthMs = (i: number): number => {
  let month = monthAt(FIRST_MS);
  for (let n = 0; n < i; n++) {
    month = monthAt(month.untilMs);
  }
  return month.fromMs;
};
/** In the last of them. */
const NOW_MS = monthMs(MONTHS - 1) + 20 * 86_400_000;

let scratch: IScratchDatabase;
let database: IDatabase;
let asked: CompiledQuery[] = [];

beforeAll(async () => {
  scratch = await migratedDatabase('postgres');
  const writing = await openDatabase(scratch.place, () => undefined);
  await new SqlPartitions(writing, () => NOW_MS).keep();
  const streams = Array.from({ length: 8 }, () => new CompanionStream());
  for (let month = 0; month < MONTHS; month++) {
    for (const [i, stream] of streams.entries()) {
      const writer = new SqlLogWriter(writing, () => monthMs(month) + i * 3_600_000);
      const speaker = { hub: 'hub', user: `user-${i}`, server: '', groups: i < 4 ? ['few', `set-${i}`] : [] };
      await writer.append([batchOf(speaker, stream.batch(RECORDS / streams.length))]);
    }
  }
  await sql`analyze`.execute(writing.write);
  await writing.close();
  const pool = new pg.Pool({
    connectionString: scratch.place.kind === 'postgres' ? scratch.place.url : '',
    types: {
      getTypeParser: (oid, format) =>
        oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)
    }
  });
  // As the service's own, but that it notes what it is asked.
  const db = new Kysely<ITables>({
    dialect: new PostgresDialect({ pool }),
    log: event => {
      asked.push(event.query);
    }
  });
  database = {
    ...{ kind: 'postgres', read: db, write: db, personKeys: new PersonKeys('postgres') },
    close: () => db.destroy()
  };
});
afterAll(async () => {
  await database.close();
  await scratch.remove();
});

interface INode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Loops'?: number;
  readonly Plans?: readonly INode[];
}

interface ILooked {
  /** Parts of the log that the plan has, and those of them that were looked into. */
  readonly planned: ReadonlySet<string>;
  readonly opened: ReadonlySet<string>;
  readonly nodes: readonly string[];
}

/** What reading or deleting looks at, statement by statement: what reads is run again. */
async function looks(act: () => Promise<unknown>, setting = 'select 1'): Promise<readonly ILooked[]> {
  asked = [];
  await act();
  const statements = asked.filter(({ sql: text }) => /^(select|delete)/.test(text));
  const found: ILooked[] = [];
  for (const { sql: text, parameters } of statements) {
    const options = text.startsWith('select') ? 'analyze, format json' : 'format json';
    const explained = CompiledQuery.raw(`explain (${options}) ${text}`, [...parameters]);
    const { rows } = await database.read.transaction().execute(async db => {
      await sql.raw(setting).execute(db);
      return db.executeQuery<{ 'QUERY PLAN': [{ Plan: INode }] }>(explained);
    });
    const [planned, opened, nodes] = [new Set<string>(), new Set<string>(), new Array<string>()];
    const walk = (node: INode): void => {
      nodes.push(node['Node Type']);
      const name = node['Relation Name'];
      if (name !== undefined && /^(record|record_body|personal)_(before|default|\d{4}_\d\d)$/.test(name)) {
        planned.add(name);
        if ((node['Actual Loops'] ?? 0) > 0) {
          opened.add(name);
        }
      }
      node.Plans?.forEach(walk);
    };
    rows.forEach(row => walk(row['QUERY PLAN'][0].Plan));
    found.push({ planned, opened, nodes });
  }
  return found;
}

const nameOf = (table: string, month: number): string => `${table}_${monthAt(monthMs(month)).name}`;
const page = (filter: ILogFilter, after: ILogPlace | null = null, limit = 50): Promise<readonly ILooked[]> =>
  looks(() => new SqlLogReader(database, () => NOW_MS).list(filter, after, limit));
/** The statement that reads the page itself: it has the most parts. */
const main = (all: readonly ILooked[]): ILooked => {
  const [most] = [...all].sort((a, b) => b.planned.size - a.planned.size);
  if (!most) {
    throw new Error('Nothing was asked.');
  }
  return most;
};

it('there are many months', async () => {
  expect((await partsOf(database.read)).length).toBeGreaterThan(MONTHS + 4);
  const [{ count } = { count: 0 }] = await database.read
    .selectFrom('record')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .execute();
  expect(count).toBe(MONTHS * RECORDS);
});

it.each<[string, ILogFilter]>([
  ['without a filter', {}],
  ['of a user', { user: 'user-7' }],
  ['of a package', { package: 'package-3' }],
  ['of a tool', { tool: 'pip' }],
  ['of a text', { text: 'package-5' }],
  ['of a grade', { grade: 'corroborated' }],
  ['of a group, which stands for several sets', { group: 'few' }],
  ['of a user and an effect-less action', { user: 'user-7', action: 'install' }]
])('the first page %s opens the newest month alone', async (_what, filter) => {
  const all = await page(filter, null, 20);
  const { planned, opened, nodes } = main(all);
  expect(planned.size).toBeGreaterThanOrEqual(MONTHS);
  expect(planned.has('record_default')).toBe(false);
  expect([...opened]).toEqual([nameOf('record', MONTHS - 1)]);
  expect(nodes).not.toContain('Merge Append');
  // What looks for clocks that are wrong has nothing but the months to come and the default part.
  const [later] = all.filter(({ planned: parts }) => parts.has('record_default'));
  expect([later?.planned.size, later?.opened.has(nameOf('record', MONTHS - 1))]).toEqual([4, false]);
});

it('a page that is not full goes on into the month before, and no further', async () => {
  const { opened } = main(await page({}, null, RECORDS + 10));
  expect([...opened].sort()).toEqual([nameOf('record', MONTHS - 1), nameOf('record', MONTHS - 2)].sort());
});

it('a deep page has no newer month in its plan, and opens one', async () => {
  const after = { receivedAtMs: monthMs(4) + 5 * 3_600_000, index: 10 ** 9 };
  const all = await page({}, after);
  expect(all).toHaveLength(1);
  const { planned, opened } = main(all);
  expect(planned.has(nameOf('record', 5))).toBe(false);
  expect([...opened]).toEqual([nameOf('record', 4)]);
});

it('a time has only its months in the plan', async () => {
  const { planned } = main(await page({ fromMs: monthMs(2), untilMs: monthMs(4) }));
  expect([...planned].sort()).toEqual([nameOf('record', 2), nameOf('record', 3)]);
});

it('a story looks for its index once in all months, and then in its own', async () => {
  const index = 5 * RECORDS + 7;
  const all = await looks(() => new SqlLogReader(database, () => NOW_MS).story(index));
  const bodies = all.flatMap(({ planned }) => [...planned]).filter(name => !name.startsWith('record_2'));
  expect(bodies.filter(name => !/^record_(before|default)$/.test(name))).toEqual([
    nameOf('record_body', 5),
    nameOf('personal', 5)
  ]);
});

it('exports, forwarding and own lists read bodies and personal parts of their own months alone', async () => {
  const from = 6 * RECORDS - 100;
  const isOther = (name: string): boolean =>
    !name.startsWith('record_2') &&
    !/^record_(before|default)$/.test(name) &&
    !/_(before|default)$/.test(name);
  const others = (all: readonly ILooked[]): string[] =>
    [...new Set(all.flatMap(({ planned }) => [...planned]).filter(isOther))].sort();
  const both = (table: string): string[] => [nameOf(table, 5), nameOf(table, 6)];
  const entries = async (): Promise<number> => {
    let count = 0;
    for await (const { personal } of new LogRange(database).entries(from, from + 200, null, true)) {
      count += personal === null ? 0 : 1;
    }
    expect(count).toBe(200);
    return count;
  };
  expect(others(await looks(entries))).toEqual([...both('personal'), ...both('record_body')]);
  const range = { from, most: 200, hasNames: true, nowMs: NOW_MS };
  expect(others(await looks(() => readForwarded(database, range)))).toEqual(both('record_body'));
  const places = await new SqlLogReader(database, () => NOW_MS).list({ user: 'user-2' }, null, 20);
  expect(others(await looks(() => entriesAt(database, places)))).toEqual([nameOf('record_body', MONTHS - 1)]);
});

it('a range by index is read in the order of an index, which every month has', async () => {
  const read = async (): Promise<void> => {
    let count = 0;
    for await (const leaf of new LogRange(database).leaves(RECORDS, 3 * RECORDS)) {
      count += leaf.length;
    }
    expect(count).toBe(2 * RECORDS * 32);
  };
  // So few records are read faster as a whole.
  const all = await looks(read, 'set local enable_seqscan = off; set local enable_sort = off');
  expect(all).toHaveLength(1);
  expect([...new Set(all[0]?.nodes)]).toEqual(['Limit', 'Merge Append', 'Index Scan']);
});

it('an erasure deletes from the months that the person is in', async () => {
  const all = await looks(() =>
    new SqlLegal(database, () => NOW_MS).erase({ hub: 'hub', by: 'lead', reason: 'has left' }, 'user-3')
  );
  const deletes = all.filter(({ planned }) => [...planned].some(name => name.startsWith('personal')));
  expect(deletes.length).toBeGreaterThanOrEqual(MONTHS);
  deletes.forEach(({ planned }) => expect(planned.size).toBe(1));
});
