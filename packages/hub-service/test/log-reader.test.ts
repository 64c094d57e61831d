import type { Grade } from '@labkeeper/core';
import type { AuditRecord } from '@labkeeper/protocol';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { filterIds, matching } from '../src/store/log-filter.js';
import type { ILogFilter, ILogRow } from '../src/store/log-reader.js';
import type { ISpeaker } from '../src/store/log-writer.js';
import { entriesAt } from '../src/store/own-entries.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const ALICE: ISpeaker = { hub: 'north', user: 'alice', server: '', groups: ['physics', 'staff'] };

describe.each<DatabaseKind>(['sqlite', 'postgres'])('reading the log on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let writer: SqlLogWriter;
  let reader: SqlLogReader;
  let nowMs = 1_795_000_000_000;

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    nowMs = 1_795_000_000_000;
    writer = new SqlLogWriter(database, () => nowMs);
    reader = new SqlLogReader(database, () => nowMs);
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });

  const indexesOf = async (filter: ILogFilter): Promise<number[]> =>
    (await reader.list(filter, null, 1000)).map(({ index }) => index);

  it('gives the lines of a page of the list, each with its place in its stream', async () => {
    const stream = new CompanionStream();
    await writer.append([batchOf(ALICE, stream.batch(2))]);
    nowMs += 1000;
    await writer.append([batchOf(ALICE, stream.batch(2))]);
    const entries = await entriesAt(database, await reader.list({}, null, 3));
    const brief = [...entries].map(([index, { boot, seq, entry }]) => [
      index,
      boot === stream.boot,
      seq,
      entry.includes(`"package-${seq - 1}"`)
    ]);
    expect(brief.sort()).toEqual([
      [1, true, 2, true],
      [2, true, 3, true],
      [3, true, 4, true]
    ]);
    expect((await entriesAt(database, [])).size).toBe(0);
  });

  it('finds those of hundreds of servers of one name, without a thought about each of them', async () => {
    const users = Array.from({ length: 260 }, (_, i) => `user-${i}`);
    const batches = users.map(user => batchOf({ ...ALICE, user }, new CompanionStream().batch(1)));
    await writer.append([...batches, batchOf({ ...ALICE, server: 'big' }, new CompanionStream().batch(1))]);
    expect(await indexesOf({ server: '' })).toEqual(users.map((_, i) => users.length - 1 - i));
    expect(await indexesOf({ server: 'big' })).toEqual([users.length]);
    const ids = await filterIds(database.read, { server: '' });
    expect(ids?.servers).toHaveLength(users.length);
    const asked = matching(database.read, { server: '' }, ids ?? {}).selectAll('record');
    if (kind === 'postgres') {
      expect(JSON.stringify(await asked.explain())).toContain('hashed SubPlan');
    }
  });

  it('finds by each filter, and by several', async () => {
    const people = [
      ALICE,
      { ...ALICE, server: 'big', groups: ['physics'] },
      { hub: 'south', user: 'alice', server: '', groups: [] },
      { hub: 'south', user: 'bob', server: 'x', groups: ['staff'] }
    ];
    for (const [i, speaker] of people.entries()) {
      nowMs += 1000;
      const stream = new CompanionStream();
      const body = stream.batch(2, record => ({
        ...record,
        action: i === 3 ? 'deny' : 'install',
        tool: { name: i === 0 ? 'conda' : 'pip', version: null },
        decision:
          i === 3 ? { effect: 'deny', ruleId: 'r', policyDigest: 'ab'.repeat(32), reason: 'Blocked.' } : null,
        evidence: i === 2 ? [] : record.evidence,
        package: record.package && { ...record.package, name: `Num_py-${i}`, version: `${record.seq}` }
      }));
      await writer.append([batchOf(speaker, body)]);
    }
    const cases: [ILogFilter, number[]][] = [
      [{}, [7, 6, 5, 4, 3, 2, 1, 0]],
      [{ hub: 'south' }, [7, 6, 5, 4]],
      [{ user: 'alice' }, [5, 4, 3, 2, 1, 0]],
      [{ user: 'alice', hub: 'south' }, [5, 4]],
      [{ server: 'big' }, [3, 2]],
      [{ user: 'bob', server: '' }, []],
      [{ group: 'physics' }, [3, 2, 1, 0]],
      [{ group: 'staff' }, [7, 6, 1, 0]],
      [{ package: 'Num_py-1' }, [3, 2]],
      [{ package: 'Num_py-1', version: '2' }, [3]],
      [{ tool: 'conda' }, [1, 0]],
      [{ action: 'deny' }, [7, 6]],
      [{ effect: 'deny' }, [7, 6]],
      [{ grade: 'claimed' satisfies Grade }, [5, 4]],
      [{ fromMs: 1_795_000_002_000, untilMs: 1_795_000_004_000 }, [5, 4, 3, 2]],
      [{ text: 'm_PY-2' }, [5, 4]],
      [{ text: 'num_py' }, [7, 6, 5, 4, 3, 2, 1, 0]],
      [{ text: 'mxpy' }, []],
      [{ text: '%' }, []],
      [{ user: 'nobody' }, []],
      [{ user: 'alice', group: 'staff', tool: 'conda', version: '1' }, [0]]
    ];
    for (const [filter, indexes] of cases) {
      expect([filter, await indexesOf(filter)]).toEqual([filter, indexes]);
      expect([filter, await reader.count(filter, 5)]).toEqual([filter, Math.min(5, indexes.length)]);
    }
  });

  it('turns pages without a gap, in records of the same millisecond too', async () => {
    const stream = new CompanionStream();
    await writer.append([batchOf(ALICE, stream.batch(5))]);
    nowMs += 1;
    await writer.append([batchOf(ALICE, stream.batch(4))]);
    const seen: ILogRow[] = [];
    for (let page = await reader.list({}, null, 2); page.length > 0;) {
      seen.push(...page);
      page = await reader.list({}, page.at(-1) ?? null, 2);
    }
    expect(seen.map(({ index }) => index)).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });

  it('turns pages of what stands in several places, the newest of all of them first', async () => {
    const writers = [ALICE, { ...ALICE, user: 'bob', groups: ['physics'] }, { ...ALICE, groups: [] }];
    const expected: number[] = [];
    for (let i = 0; i < 30; i++) {
      nowMs += i % 2;
      const speaker = writers[i % 3] ?? ALICE;
      const name = ['torch-a', 'a-Torch', 'numpy', '50% torch'][i % 4] ?? '';
      const change = (record: AuditRecord): AuditRecord => ({
        ...record,
        package: record.package && { ...record.package, name }
      });
      await writer.append([batchOf(speaker, new CompanionStream().batch(1, change))]);
      if (i % 3 !== 2 && name !== 'numpy') {
        expected.unshift(i);
      }
    }
    const seen: number[] = [];
    const filter = { group: 'physics', text: 'TORCH' };
    for (let page = await reader.list(filter, null, 3); page.length > 0;) {
      seen.push(...page.map(({ index }) => index));
      page = await reader.list(filter, page.at(-1) ?? null, 3);
    }
    expect(seen).toEqual(expected);
    expect((await reader.list({ text: '50% t' }, null, 50)).map(({ index }) => index % 4)).toEqual(
      Array.from({ length: 7 }, () => 3)
    );
  });

  it('has every look on record', async () => {
    await reader.looked({ hub: 'north', reader: 'sue', kind: 'list', query: 'user=alice' });
    nowMs += 5;
    await reader.looked({ hub: 'north', reader: 'sue', kind: 'story', query: '3' });
    expect(await reader.looks(10)).toEqual([
      { hub: 'north', reader: 'sue', kind: 'story', query: '3', atMs: nowMs },
      { hub: 'north', reader: 'sue', kind: 'list', query: 'user=alice', atMs: nowMs - 5 }
    ]);
    expect(await reader.looks(1)).toHaveLength(1);
  });

  it('knows how it stands', async () => {
    expect(await reader.status()).toEqual({
      records: 0,
      liveStreams: 0,
      newestMs: null,
      digests: 0,
      uncovered: 0
    });
    await writer.append([batchOf(ALICE, new CompanionStream().batch(3))]);
    expect(await reader.status()).toMatchObject({
      records: 3,
      liveStreams: 1,
      newestMs: nowMs,
      uncovered: 3
    });
    nowMs += 700_000;
    expect((await reader.status()).liveStreams).toBe(0);
  });

  it('shows nothing of a person whose key is gone, and verifies all the same', async () => {
    const stream = new CompanionStream();
    await writer.append([batchOf(ALICE, stream.batch(1))]);
    await database.write.deleteFrom('person_key').execute();
    await database.write.updateTable('person').set({ name: null }).execute();
    expect(await reader.story(0)).toMatchObject({
      row: { user: null },
      personal: null,
      personalErased: true
    });
  });
});
