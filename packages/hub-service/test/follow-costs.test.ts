import { sql } from 'kysely';
import { openDatabase, type DatabaseKind } from '../src/store/database.js';
import type { ILogFilter } from '../src/store/log-reader.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { NotedDatabase } from './support/noted-database.js';
import { scratchDatabase, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const RECORDS = 40_000;
/** The records that a rare filter means, the newest last. */
const RARE = [0, 15_000, RECORDS - 30];

describe.each<DatabaseKind>(['sqlite', 'postgres'])('what came to a view, on %s', kind => {
  let scratch: IScratchDatabase;
  let database: NotedDatabase;
  let reader: SqlLogReader;
  const startMs = Date.now();
  beforeAll(async () => {
    scratch = await scratchDatabase(kind);
    const made = await openDatabase(scratch.place, () => undefined);
    const db = made.write;
    await db.insertInto('hub').values({ name: 'hub' }).execute();
    for (const [at, name] of ['anna', 'ben'].entries()) {
      await db
        .insertInto('person')
        .values({ hub_id: 1, name, uuid: `p${at}`, created_at_ms: startMs })
        .execute();
      await db
        .insertInto('server')
        .values({ person_id: at + 1, name: '', uuid: `s${at}` })
        .execute();
    }
    const isRare = sql.raw(`i in (${RARE.join()})`);
    await sql`with recursive n(i) as (select 0 union all select i + 1 from n where i < ${sql.lit(RECORDS - 1)})
      insert into record (received_at_ms, idx, hub_id, person_id, server_id, group_set_id, stream_id, seq, action, tool,
        package_name, grade, leaf)
      select ${sql.lit(startMs)} + i, i, 1, p, p, 1, p, i, 'install', case when p = 1 then 'conda' else 'pip' end,
        case when p = 1 then 'rare' else 'often' end, 'claimed', ${Buffer.alloc(32)}
      from (select i, case when ${isRare} then 1 else 2 end as p from n) as x`.execute(db);
    await db
      .insertInto('package_term')
      .values([{ name: 'rare' }, { name: 'often' }])
      .onConflict(conflict => conflict.doNothing())
      .execute();
    await db.updateTable('log_head').set({ next_index: RECORDS }).execute();
    await sql`analyze`.execute(db);
    await made.close();
    database = new NotedDatabase(scratch.place);
    reader = new SqlLogReader(database, () => startMs);
  });
  afterAll(async () => {
    await database.close();
    await scratch.remove();
  });

  const indexes = async (filter: ILogFilter, than: number, limit = 51): Promise<readonly number[]> =>
    (await reader.newer(filter, than, limit)).rows.map(({ index }) => index);

  it('is what its list has, from the newest on', async () => {
    expect(await indexes({ user: 'anna' }, RARE[1] ?? 0)).toEqual([RARE[2]]);
    expect(await indexes({ user: 'anna' }, -1)).toEqual([...RARE].reverse());
    expect(await indexes({ user: 'anna' }, RECORDS - 30)).toEqual([]);
    expect(await indexes({ user: 'nobody' }, RECORDS - 40)).toEqual([]);
    expect(await indexes({}, RECORDS - 4)).toEqual([RECORDS - 1, RECORDS - 2, RECORDS - 3]);
    expect(await indexes({}, 0, 2)).toEqual([RECORDS - 1, RECORDS - 2]);
    expect(await reader.newer({ tool: 'conda' }, RECORDS - 31, 51)).toMatchObject({
      rows: [{ index: RARE[2], user: 'anna' }],
      endIndex: RECORDS
    });
    expect(await reader.newer({}, RECORDS - 1, 51)).toEqual({ rows: [], endIndex: RECORDS });
  });

  it.each<[string, ILogFilter]>([
    ['that a user seldom comes to', { user: 'anna' }],
    ['that a tool seldom comes to', { tool: 'conda' }],
    ['of a text that few packages have', { text: 'rar' }],
    ['of several filters', { user: 'anna', action: 'install', effect: 'deny' }],
    ['of all', {}]
  ])('costs what came since, in a view %s', async (_what, filter) => {
    database.asked.length = 0;
    await reader.newer(filter, RECORDS - 21, 51);
    const [page] = database.asked.filter(({ sql: text }) => text.includes('select * from record'));
    if (!page) {
      throw new Error('Nothing was asked.');
    }
    if (kind === 'sqlite') {
      const plan = await database.plan(page);
      const [walked, ...others] = plan.match(/(SEARCH|SCAN) record USING.*/g) ?? [];
      expect([walked, others]).toEqual(['SEARCH record USING INDEX record_idx (idx>? AND idx<?)', []]);
      expect(plan).not.toMatch(/USING (COVERING )?INDEX record_(?!idx)/);
    } else {
      expect(await database.rowsRead(page)).toBeLessThan(300);
    }
  });
});
