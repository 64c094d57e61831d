import { CompiledQuery, sql } from 'kysely';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { indexByHub } from '../src/store/further-hubs.js';
import { filterIds, matching } from '../src/store/log-filter.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

const RECORDS = 20_000;
/** The second hub spoke at the beginning, and never again. */
const OF_SECOND = 30;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('the records of one hub of several, on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  const startMs = Date.now();
  beforeAll(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    const db = database.write;
    for (const id of [1, 2]) {
      await db
        .insertInto('hub')
        .values({ name: `hub-${id}` })
        .execute();
      await db
        .insertInto('person')
        .values({ hub_id: id, name: 'anna', uuid: `p${id}`, created_at_ms: startMs })
        .execute();
      await db
        .insertInto('server')
        .values({ person_id: id, name: '', uuid: `s${id}` })
        .execute();
    }
    await sql`with recursive n(i) as (select 0 union all select i + 1 from n where i < ${sql.lit(RECORDS - 1)})
      insert into record (received_at_ms, idx, hub_id, person_id, server_id, group_set_id, stream_id, seq, action, grade, leaf)
      select ${sql.lit(startMs)} + i, i, h, h, h, 1, h, i, 'found-on-disk', 'claimed', ${Buffer.alloc(32)}
      from (select i, case when i < ${sql.lit(OF_SECOND)} then 2 else 1 end as h from n) as x`.execute(db);
    await indexByHub(database);
    // Done already.
    await indexByHub(database);
    await sql`analyze`.execute(db);
  });
  afterAll(async () => {
    await database.close();
    await scratch.remove();
  });

  const plan = async (hub: string): Promise<string> => {
    const ids = await filterIds(database.read, { hub });
    const query = matching(database.read, { hub }, ids ?? {})
      .selectAll()
      .orderBy('received_at_ms', 'desc')
      .orderBy('idx', 'desc')
      .limit(51);
    const { sql: text, parameters } = query.compile();
    const explain = kind === 'sqlite' ? 'explain query plan' : 'explain';
    const explained = await database.read.executeQuery(
      CompiledQuery.raw(`${explain} ${text}`, [...parameters])
    );
    return JSON.stringify(explained.rows);
  };

  it('are found by an index where the hub is not the first', async () => {
    // PostgreSQL names the index of each month by itself.
    const index = /record_hub|hub_id_received_at_ms_idx/;
    expect(await plan('hub-2')).toMatch(index);
    expect(await plan('hub-1')).not.toMatch(index);
    const reader = new SqlLogReader(database, () => startMs);
    const rows = await reader.list({ hub: 'hub-2' }, null, 51);
    expect(rows.map(({ index }) => index)).toEqual(
      Array.from({ length: OF_SECOND }, (_, at) => OF_SECOND - 1 - at)
    );
    expect((await reader.list({ hub: 'hub-1' }, null, 51))[0]).toMatchObject({
      index: RECORDS - 1,
      hub: 'hub-1'
    });
    expect(await reader.count({ hub: 'hub-2' }, 1000)).toBe(OF_SECOND);
    expect(await reader.list({ hub: 'hub-3' }, null, 51)).toEqual([]);
  });
});
