import { EndedStreams, SILENT_MS } from '../src/ingest/ended-streams.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import type { IIncomingBatch, ISpeaker } from '../src/store/log-writer.js';
import { isServiceStream } from '../src/store/service-stream.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const ALICE: ISpeaker = { hub: 'north', user: 'alice', server: 'big', groups: ['physics'] };

describe.each<DatabaseKind>(['sqlite', 'postgres'])('a stream that falls silent, on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let nowMs = 0;
  const warned: unknown[] = [];

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    nowMs = 1_795_000_000_000;
    warned.length = 0;
  });
  afterEach(async () => {
    expect(warned).toEqual([]);
    await database.close();
    await scratch.remove();
  });

  const writer = (): SqlLogWriter => new SqlLogWriter(database, () => nowMs);
  const append = (batch: IIncomingBatch) => writer().append([batch]);
  /** One replica of the service. */
  const replica = (): EndedStreams => {
    const own = writer();
    return new EndedStreams({
      database,
      commit: { append: async batch => (await own.append([batch]))[0] ?? Promise.reject(new Error('none')) },
      log: { warn: (line: unknown) => void warned.push(line) },
      nowMs: () => nowMs
    });
  };
  const gaps = async () => {
    const found = await new SqlLogReader(database, () => nowMs).list({}, null, 100);
    const lines = await database.read
      .selectFrom('record')
      .innerJoin('record_body', 'record_body.idx', 'record.idx')
      .where('record.action', '=', 'gap')
      .orderBy('record.idx')
      .select('record_body.entry')
      .execute();
    expect(found.length).toBeGreaterThanOrEqual(lines.length);
    return lines.map(({ entry }) => JSON.parse(entry));
  };

  it('is told a day later, once, by whichever replica, in the name of its server', async () => {
    const stream = new CompanionStream();
    await append(batchOf(ALICE, stream.batch(3)));
    const seenAtMs = nowMs;
    nowMs += SILENT_MS - 1;
    await replica().look();
    expect(await gaps()).toEqual([]);
    nowMs += 1;
    const one = replica();
    await Promise.all([one.look(), replica().look()]);
    await one.look();
    const told = await gaps();
    expect(told).toHaveLength(1);
    expect(told[0].record).toMatchObject({
      ...{ action: 'gap', seq: 1, gap: { cause: 'stream-silent', sinceMs: seenAtMs, count: null } }
    });
    const { boot } = told[0].record;
    expect(isServiceStream(boot)).toBe(true);
    expect(boot.replace(/^(.{14})8/, '$14')).toBe(stream.boot);
    const own = await new SqlLogReader(database, () => nowMs).list(
      { user: 'alice', server: 'big' },
      null,
      10
    );
    expect(own).toHaveLength(4);
  });

  it('is told again where it went on meanwhile, and fell silent once more', async () => {
    const stream = new CompanionStream();
    const service = replica();
    await append(batchOf(ALICE, stream.batch(3)));
    nowMs += SILENT_MS;
    await service.look();
    nowMs += 1;
    await append(batchOf(ALICE, stream.batch(1)));
    nowMs += SILENT_MS;
    await service.look();
    await replica().look();
    expect((await gaps()).map(({ record }) => record.seq)).toEqual([1, 2]);
  });

  it('is nothing where it ended in order', async () => {
    const stream = new CompanionStream();
    await append(batchOf(ALICE, stream.batch(2)));
    await append(
      batchOf(
        ALICE,
        stream.batch(1, record => ({ ...record, action: 'closed', package: null }))
      )
    );
    nowMs += 2 * SILENT_MS;
    await replica().look();
    expect(await gaps()).toEqual([]);
  });
});
