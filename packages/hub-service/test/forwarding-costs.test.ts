import { randomUUID } from 'node:crypto';
import { sql, type CompiledQuery } from 'kysely';
import { readForwarded } from '../src/outgoing/read-forwarded.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { NotedDatabase } from './support/noted-database.js';
import type { IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

/** Retention deleted every other record, each in a range of its own; of those before this one nothing is left at all. */
const FIRST = 200_000;
const RECORDS = 500;
/** And all of these. */
const GONE = [100_000, 150_000] as const;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('forwarding of an old log, on %s', kind => {
  let scratch: IScratchDatabase;
  let database: NotedDatabase;
  beforeAll(async () => {
    scratch = await migratedDatabase(kind);
    const made = await openDatabase(scratch.place, () => undefined);
    await makeOld(made);
    await made.close();
    database = new NotedDatabase(scratch.place);
  });
  afterAll(async () => {
    await database.close();
    await scratch.remove();
  });

  const forwarded = (from: number) =>
    readForwarded(database, { from, most: RECORDS, hasNames: false, nowMs: 1 });
  /** What was asked of deleted ranges, each of which must look at those of the batch and at no others. */
  const askedOfRetired = async (act: () => Promise<unknown>): Promise<number> => {
    database.asked.length = 0;
    await act();
    const asked = database.asked.filter(({ sql: text }) => text.includes('from "retired"'));
    for (const query of asked) {
      await expectBounded(query);
    }
    return asked.length;
  };
  const expectBounded = async (query: CompiledQuery): Promise<void> => {
    if (kind === 'sqlite') {
      expect(await database.plan(query)).toMatch(/SEARCH retired USING .*>\? AND .*<\?/);
    } else {
      expect(await database.rowsRead(query)).toBeLessThan(5000);
    }
  };

  it('asks for what was deleted of a batch once, and reads nothing of what was deleted before', async () => {
    let batch: Awaited<ReturnType<typeof forwarded>> | null = null;
    const asked = await askedOfRetired(async () => (batch = await forwarded(FIRST)));
    expect(batch).toMatchObject({ next: FIRST + RECORDS });
    expect(batch).toHaveProperty('items.length', RECORDS);
    expect(batch).toMatchObject({
      items: expect.arrayContaining([{ hole: 'deleted', firstIndex: FIRST + 1, count: 1, atMs: 1 }])
    });
    expect(asked).toBeLessThan(5);
  });

  it('asks as seldom where what is left changes from one index to the next', async () => {
    expect(await askedOfRetired(() => forwarded(FIRST - 2 * RECORDS))).toBeLessThan(6);
    const { items, next } = await forwarded(FIRST - 2 * RECORDS);
    expect([items.length, next]).toEqual([RECORDS, FIRST - RECORDS]);
    expect(items.slice(0, 2)).toMatchObject([
      { hole: 'missing', firstIndex: FIRST - 2 * RECORDS, count: 1 },
      { hole: 'deleted', firstIndex: FIRST - 2 * RECORDS + 1, count: 1 }
    ]);
  });

  it('passes what was deleted record by record in few messages', async () => {
    let at: number = GONE[0];
    let messages = 0;
    database.asked.length = 0;
    while (at < GONE[1]) {
      const { items, next } = await forwarded(at);
      const [first] = items;
      expect(first).toMatchObject({ hole: 'deleted', firstIndex: at });
      expect(next).toBeGreaterThan(at);
      at = next;
      messages += 1;
    }
    expect(messages).toBeLessThan(6);
    expect(database.asked.length).toBeLessThan(100);
  });

  it('counts a part of the log without those before it', async () => {
    const range = new LogRange(database);
    await askedOfRetired(async () => {
      expect(await range.goneCount(FIRST, FIRST + 10)).toBe(5);
      expect(await range.missingCount(FIRST, FIRST + RECORDS)).toBe(0);
      expect(await range.missingCount(FIRST - 10, FIRST)).toBe(5);
    });
  });
});

async function makeOld(database: IDatabase): Promise<void> {
  const db = database.write;
  await db.updateTable('log_head').set({ next_index: FIRST }).execute();
  const stream = new CompanionStream();
  for (let left = RECORDS; left > 0; left -= 50) {
    const speaker = { hub: 'hub', user: 'anna', server: '', groups: [] };
    await new SqlLogWriter(database, () => 1).append([batchOf(speaker, stream.batch(50))]);
  }
  const act = {
    ...({ action: 'retire', event_id: randomUUID(), act: '{}' } as const),
    ...{ subject_id: null, stream_hub: null }
  };
  const { id } = await db.insertInto('own_record').values(act).returning('id').executeTakeFirstOrThrow();
  const isDeleted = sql`(i % 2 = 1 or (i >= ${sql.lit(GONE[0])} and i < ${sql.lit(GONE[1])}))`;
  await sql`with recursive n(i) as (select 0 union all select i + 1 from n where i < ${sql.lit(FIRST + RECORDS - 1)})
    insert into retired (first_idx, end_idx, own_id, at_ms)
    select i, i + 1, ${sql.lit(id)}, 1 from n where ${isDeleted}`.execute(db);
  for (const table of ['personal', 'record_body', 'record'] as const) {
    await db
      .deleteFrom(table)
      .where(sql<boolean>`idx % 2 = 1`)
      .execute();
  }
  await sql`analyze`.execute(db);
}
