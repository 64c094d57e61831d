import { randomUUID } from 'node:crypto';
import type { AuditRecord } from '@labkeeper/protocol';
import { EndedStreams, SILENT_MS } from '../src/ingest/ended-streams.js';
import { SETTLING_MS } from '../src/ingest/settled-hubs.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import type { Appended, IIncomingBatch, ISpeaker } from '../src/store/log-writer.js';
import { isServiceStream } from '../src/store/service-stream.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const ALICE: ISpeaker = { hub: 'north', user: 'alice', server: 'big', groups: ['physics'] };
const CAROL: ISpeaker = { ...ALICE, user: 'carol' };
/** Whose companion lives all the time. */
const BOB: ISpeaker = { ...ALICE, user: 'bob' };
const HOUR_MS = 3_600_000;
const CLOSED = (record: AuditRecord): AuditRecord => ({ ...record, action: 'closed', package: null });

describe.each<DatabaseKind>(['sqlite', 'postgres'])('a stream that falls silent, on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let nowMs = 0;
  let monotonicMs = 0;
  let bob: CompanionStream;
  const warned: unknown[] = [];

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    nowMs = 1_795_000_000_000;
    monotonicMs = 0;
    bob = new CompanionStream();
    warned.length = 0;
  });
  afterEach(async () => {
    expect(warned).toEqual([]);
    await database.close();
    await scratch.remove();
  });

  const writer = (): SqlLogWriter => new SqlLogWriter(database, () => nowMs);
  const append = (batch: IIncomingBatch) => writer().append([batch]);
  /** One replica of the service. @param tells - in place of what appends to the log. */
  const replica = (tells?: (batch: IIncomingBatch) => Promise<Appended>): EndedStreams => {
    const own = writer();
    return new EndedStreams({
      database,
      commit: {
        append: tells ?? (async batch => (await own.append([batch]))[0] ?? Promise.reject(new Error('none')))
      },
      log: { warn: (line: unknown) => void warned.push(line) },
      nowMs: () => nowMs,
      monotonicMs: () => monotonicMs
    });
  };
  const pass = (ms: number): void => {
    nowMs += ms;
    monotonicMs += ms;
  };
  const hear = (): Promise<unknown> => append(batchOf(BOB, bob.batch(1)));
  /** So long the service is up, hears Bob and looks each hour. */
  const live = async (service: EndedStreams, ms: number): Promise<void> => {
    await hear();
    await service.look();
    for (let passedMs = 0; passedMs < ms; passedMs += HOUR_MS) {
      pass(HOUR_MS);
      await hear();
      await service.look();
    }
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
    const [one, other] = [replica(), replica()];
    pass(SILENT_MS - SETTLING_MS - 1);
    await live(one, SETTLING_MS);
    await other.look();
    expect(await gaps()).toEqual([]);
    pass(1);
    await Promise.all([one.look(), live(other, SETTLING_MS)]);
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
    await live(service, SILENT_MS);
    pass(1);
    await append(batchOf(ALICE, stream.batch(1)));
    await live(service, SILENT_MS);
    await live(replica(), SETTLING_MS);
    expect((await gaps()).map(({ record }) => record.seq)).toEqual([1, 2]);
  });

  it('is nothing where it ended in order', async () => {
    const stream = new CompanionStream();
    await append(batchOf(ALICE, stream.batch(2)));
    await append(batchOf(ALICE, stream.batch(1, CLOSED)));
    await live(replica(), 2 * SILENT_MS);
    expect(await gaps()).toEqual([]);
  });

  it('is not told after a weekend without the service before the others are back, and then of who is not', async () => {
    const [alice, carol] = [new CompanionStream(), new CompanionStream()];
    await append(batchOf(ALICE, alice.batch(1)));
    await append(batchOf(CAROL, carol.batch(1)));
    await hear();
    pass(3 * SILENT_MS);
    const service = replica();
    await live(service, HOUR_MS);
    expect(await gaps()).toEqual([]);
    await append(batchOf(ALICE, alice.batch(1)));
    await live(service, HOUR_MS);
    const told = await gaps();
    expect(told.map(({ record }) => record.gap.cause)).toEqual(['stream-silent']);
    expect(told[0].record.boot.slice(0, 13)).toBe(carol.boot.slice(0, 13));
  });

  it('is not told while nobody of its hub is heard, though others of another hub are', async () => {
    const service = replica();
    const south = new CompanionStream();
    await append(batchOf(ALICE, new CompanionStream().batch(1)));
    for (let hours = 0; hours < 30; hours += 1) {
      await append(batchOf({ ...BOB, hub: 'south' }, south.batch(1)));
      await service.look();
      pass(HOUR_MS);
    }
    expect(await gaps()).toEqual([]);
    // The network is back.
    await live(service, SETTLING_MS);
    expect(await gaps()).toHaveLength(1);
  });

  it('is not told because the clock went two days ahead', async () => {
    const alice = new CompanionStream();
    const service = replica();
    await append(batchOf(ALICE, alice.batch(1)));
    await live(service, 3 * HOUR_MS);
    nowMs += 2 * SILENT_MS;
    await hear();
    await service.look();
    await live(service, HOUR_MS);
    await append(batchOf(ALICE, alice.batch(1)));
    await live(service, 2 * HOUR_MS);
    expect(await gaps()).toEqual([]);
  });

  it('makes nobody anew who was erased while it was about to be told, also where it was told before', async () => {
    const legal = new SqlLegal(database, () => nowMs);
    const actor = { hub: 'north', by: 'lead', isMachine: false, reason: 'She asked.' };
    const alice = new CompanionStream();
    await append(batchOf(ALICE, alice.batch(1)));
    await live(replica(), SILENT_MS);
    expect(await gaps()).toHaveLength(1);
    pass(1);
    await append(batchOf(ALICE, alice.batch(1)));
    await append(batchOf(CAROL, new CompanionStream().batch(1)));
    const told: Appended[] = [];
    const late = replica(async batch => {
      expect((await legal.erase(actor, batch.speaker.user)).kind).toBe('erased');
      // Another replica's, which knows nobody yet.
      const [answer] = await writer().append([batch]);
      told.push(...(answer ? [answer] : []));
      return answer ?? Promise.reject(new Error('none'));
    });
    await live(late, SILENT_MS);
    expect(told.map(({ kind }) => kind)).toEqual(['conflict', 'conflict']);
    expect(await gaps()).toHaveLength(1);
    const names = async (table: 'person' | 'server') =>
      (await database.read.selectFrom(table).select('name').orderBy('id').execute()).map(({ name }) => name);
    expect((await names('person')).filter(name => name !== 'labkeeper/service' && name !== 'lead')).toEqual([
      null,
      'bob',
      null
    ]);
    expect(await names('server')).toEqual(expect.arrayContaining([null, null, 'big']));
    expect((await names('server')).filter(name => name === 'big')).toHaveLength(1);
  });

  it('that cannot be told holds up no other, and is told at the next look', async () => {
    await append(batchOf(ALICE, new CompanionStream().batch(1)));
    pass(1);
    await append(batchOf(CAROL, new CompanionStream().batch(1)));
    let isBroken = true;
    const service = replica(async batch => {
      if (isBroken && batch.speaker.user === 'alice') {
        throw new Error('no');
      }
      return (await writer().append([batch]))[0] ?? Promise.reject(new Error('none'));
    });
    await live(service, SILENT_MS);
    expect(await gaps()).toHaveLength(1);
    expect(warned.splice(0)).toEqual([{ hub: 'north', reason: 'no' }]);
    isBroken = false;
    await live(service, HOUR_MS);
    expect(await gaps()).toHaveLength(2);
  });

  it('waits for the next start when the service ends, which waits for one record at most', async () => {
    for (let i = 0; i < 5; i += 1) {
      await append(batchOf({ ...ALICE, server: `${i}` }, new CompanionStream().batch(1)));
    }
    let closed: Promise<void> | null = null;
    let tried = 0;
    const service = replica(async () => {
      tried += 1;
      closed = service.close();
      return { kind: 'conflict', head: { seq: 0, hash: '' } };
    });
    await live(service, SILENT_MS);
    await closed;
    expect(tried).toBe(1);
  });

  it('is told of where a container keeps a stream beside it whose name differs in its version alone', async () => {
    const alice = new CompanionStream();
    const decoy = new CompanionStream(`${alice.boot.slice(0, 14)}1${alice.boot.slice(15)}`);
    const service = replica();
    await append(batchOf(ALICE, alice.batch(1)));
    pass(1);
    await append(batchOf(ALICE, decoy.batch(1)));
    await live(service, SILENT_MS);
    const told = await gaps();
    expect(told).toHaveLength(1);
    expect(told[0].record.gap.sinceMs).toBe(1_795_000_000_000);
    // It went on, fell silent, and the decoy before it.
    await append(batchOf(ALICE, decoy.batch(1)));
    pass(12 * HOUR_MS);
    await append(batchOf(ALICE, alice.batch(1)));
    await live(service, 36 * HOUR_MS);
    expect((await gaps()).map(({ record }) => record.seq)).toEqual([1, 2]);
  });

  it('is not told of a request’s stream from a version that called it as a companion’s', async () => {
    const stream = new CompanionStream();
    await append(batchOf(ALICE, stream.batch(1)));
    const place = await database.read
      .selectFrom('record')
      .select(['person_id', 'server_id', 'group_set_id'])
      .executeTakeFirstOrThrow();
    const request = {
      ...{ ...place, id: randomUUID(), origin: 'container' as const, version: 1 },
      ...{ kind: 'help' as const, state: 'requested' as const },
      ...{ subject: null, want: '{}', reason: 'x', evidence: '{}', created_at_ms: 1, changed_at_ms: 1 },
      ...{ lapses_at_ms: null, until_ms: null, decided_at_ms: null, decided_by: null, decision_reason: null },
      ...{ messages: 0, last_from: null, boot: stream.boot, change: 1 }
    };
    await database.write.insertInto('request').values(request).execute();
    await live(replica(), SILENT_MS);
    expect(await gaps()).toEqual([]);
  });

  it('is said by no container', async () => {
    const stream = new CompanionStream();
    await append(
      batchOf(
        ALICE,
        stream.batch(1, record => ({
          ...record,
          ...{ action: 'gap', package: null, gap: { cause: 'stream-silent', sinceMs: 1, count: null } }
        }))
      )
    );
    expect(await gaps()).toEqual([]);
    const [row] = await new SqlLogReader(database, () => nowMs).list({}, null, 1);
    expect(row?.action).toBe('unreadable');
  });
});
