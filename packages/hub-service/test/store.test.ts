import { randomUUID } from 'node:crypto';
import { leafHash } from '@labkeeper/core';
import { sha256, sha256Hex } from '../src/sha256.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import type { ISpeaker } from '../src/store/log-writer.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const ALICE: ISpeaker = { hub: 'north', user: 'alice', server: '', groups: ['physics', 'staff'] };

describe.each<DatabaseKind>(['sqlite', 'postgres'])('the log on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let writer: SqlLogWriter;
  let reader: SqlLogReader;
  let range: LogRange;
  let nowMs = 1_795_000_000_000;

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    nowMs = 1_795_000_000_000;
    writer = new SqlLogWriter(database, () => nowMs);
    reader = new SqlLogReader(database, () => nowMs);
    range = new LogRange(database);
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });

  it('appends batches with unbroken indexes, and moves each head', async () => {
    const [a, b] = [new CompanionStream(), new CompanionStream()];
    const bob = { ...ALICE, user: 'bob' };
    const appended = await writer.append([
      batchOf(ALICE, a.batch(3)),
      batchOf(bob, b.batch(2)),
      batchOf(ALICE, a.batch(1))
    ]);
    expect(appended).toMatchObject([
      { kind: 'stored', firstIndex: 0, receivedAtMs: nowMs },
      { kind: 'stored', firstIndex: 3 },
      { kind: 'stored', firstIndex: 5 }
    ]);
    expect(await writer.head(ALICE, a.boot)).toEqual({ seq: 4, hash: a.head });
    expect(await writer.head(bob, b.boot)).toEqual({ seq: 2, hash: b.head });
    expect(await range.end()).toBe(6);
    expect((await reader.list({}, null, 10)).map(({ index }) => index)).toEqual([5, 4, 3, 2, 1, 0]);
  });

  it('is exported again after a question about its schema that the database did not answer', async () => {
    let isAway = true;
    const flaky = new LogRange({
      ...database,
      get read() {
        if (isAway) {
          throw new Error('away');
        }
        return database.read;
      }
    });
    const asks = [() => flaky.images([randomUUID()]), () => flaky.goneCount(0, 1)];
    for (const ask of asks) {
      await expect(ask()).rejects.toThrow('away');
    }
    isAway = false;
    expect(await Promise.all(asks.map(ask => ask()))).toEqual([new Map(), 0]);
  });

  it('finds ends of streams of one hub also where many of another begin alike', async () => {
    for (let i = 0; i < 6; i += 1) {
      await writer.append([batchOf({ ...ALICE, hub: 'south' }, new CompanionStream().batch(1))]);
    }
    const own = new CompanionStream();
    await writer.append([batchOf(ALICE, own.batch(2))]);
    // All begin with nothing.
    expect(await reader.streamEnds('', ['north'])).toEqual([7]);
    expect(await reader.streamEnds('', ['north', 'south'])).toHaveLength(5);
    expect(await reader.streamEnds(own.head, null)).toEqual([7]);
    expect(await reader.streamEnds(own.head, ['south'])).toEqual([]);
  });

  it('does not know a stream for anybody but the one that began it', async () => {
    const stream = new CompanionStream();
    await writer.append([batchOf(ALICE, stream.batch(1))]);
    const others = [
      { ...ALICE, user: 'mallory' },
      { ...ALICE, server: 'big' },
      { ...ALICE, hub: 'south' }
    ];
    for (const other of others) {
      expect(await writer.head(other, stream.boot)).toEqual({ seq: 0, hash: '0'.repeat(64) });
      const forged = batchOf(other, stream.batch(1));
      expect(await writer.append([forged])).toEqual([
        { kind: 'conflict', head: { seq: 0, hash: '0'.repeat(64) } }
      ]);
    }
    expect(await range.end()).toBe(1);
  });

  it('stores a batch once, however often and wherever it is sent', async () => {
    const stream = new CompanionStream();
    const batch = batchOf(ALICE, stream.batch(5));
    const head = { seq: 5, hash: stream.head };
    const replica = new SqlLogWriter(database, () => nowMs);
    const appended = await Promise.all([
      writer.append([batch, batch]),
      replica.append([batch]),
      replica.append([batch])
    ]);
    expect(appended.flat().filter(({ kind: what }) => what === 'stored')).toHaveLength(1);
    expect(appended.flat().filter(({ kind: what }) => what === 'conflict')).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'conflict', head }))
    );
    expect(await range.end()).toBe(5);
  });

  it('refuses what comes too early, too late, or with another past', async () => {
    const stream = new CompanionStream();
    const [first, second, third] = [stream.batch(2), stream.batch(2), stream.batch(2)].map(body =>
      batchOf(ALICE, body)
    );
    const fork = new CompanionStream(stream.boot);
    fork.batch(2);
    const forked = batchOf(ALICE, fork.batch(1));
    if (!first || !second || !third) {
      throw new Error('A batch is missing.');
    }
    // Nothing is stored yet: not even the stream.
    expect(await writer.append([third])).toMatchObject([{ kind: 'conflict', head: { seq: 0 } }]);
    await writer.append([first]);
    const head = await writer.head(ALICE, stream.boot);
    expect(await writer.append([third, first, forked])).toEqual([
      { kind: 'conflict', head },
      { kind: 'conflict', head },
      { kind: 'conflict', head }
    ]);
    expect(await writer.append([second, third])).toMatchObject([{ firstIndex: 2 }, { firstIndex: 4 }]);
    expect(await range.end()).toBe(6);
  });

  it('keeps the exact line, whose leaf is the one that is stored', async () => {
    const stream = new CompanionStream();
    const body = stream.batch(2);
    const lines = body.toString('utf8').split('\n');
    await writer.append([batchOf(ALICE, body)]);
    const leaves: Uint8Array[] = [];
    for await (const leaf of range.leaves(0, 2)) {
      leaves.push(leaf);
    }
    let count = 0;
    for await (const { index, entry, personal } of range.entries(0, 2, null, true)) {
      expect(entry).toContain(`"record":${lines[1 + 2 * index]},`);
      expect(personal).toBe(lines[2 + 2 * index]);
      expect(Buffer.from(leaves[index] ?? [])).toEqual(Buffer.from(leafHash(sha256, Buffer.from(entry))));
      count += 1;
    }
    expect(count).toBe(2);
    const story = await reader.story(1);
    expect(story).toMatchObject({ seq: 2, personal: lines[4], personalErased: false, digest: null });
    expect(story?.neighbours.map(({ index }) => index)).toEqual([0]);
    expect(story?.entry).not.toContain('alice');
    expect(await reader.story(2)).toBeNull();
  });

  it('keeps bytes that are no record, with every byte and their own hash', async () => {
    const stream = new CompanionStream();
    const bytes = Buffer.from([0, 255, 254, 0x7b, 0xc3, 0x28]);
    const odd = [
      { line: bytes, personal: null },
      { line: '', personal: null },
      { line: '{"a":1,"a":2}', personal: '\u0000' }
    ];
    const body = stream.batchOf([...odd.map(pair => () => pair), () => stream.pair()]);
    await writer.append([batchOf(ALICE, body)]);
    const story = await reader.story(0);
    expect(story?.row).toMatchObject({ action: 'unreadable', grade: 'unreadable', packageName: null });
    expect(story?.entry).toContain(`"opaque":"${bytes.toString('base64')}"`);
    expect((await reader.story(2))?.personal).toBe('\u0000');
    expect((await reader.story(3))?.row.grade).toBe('corroborated');
    expect(await writer.head(ALICE, stream.boot)).toEqual({ seq: 4, hash: stream.head });
  });

  it('takes text that databases stumble over', async () => {
    const stream = new CompanionStream();
    const name = '\u0000\u0001"\\\'; drop table record; -- \u2028 𝄞 </script>';
    const speaker = { hub: 'north', user: `o'brien "\\`, server: 'a b', groups: ['{x,y}', "'"] };
    const body = stream.batch(1, record => ({
      ...record,
      occurredAtMs: 1e300,
      package: record.package && { ...record.package, name }
    }));
    await writer.append([batchOf(speaker, body)]);
    const [row] = await reader.list({ user: speaker.user, group: '{x,y}' }, null, 10);
    expect(row).toMatchObject({
      user: speaker.user,
      server: 'a b',
      packageName: name.replace('\u0000', '\uFFFD'),
      occurredAtMs: null
    });
    expect((await reader.story(0))?.entry).toContain('\\u0000\\u0001');
  });

  it('reads a range of what a filter means', async () => {
    const [a, b] = [new CompanionStream(), new CompanionStream()];
    await writer.append([batchOf(ALICE, a.batch(2)), batchOf({ ...ALICE, user: 'bob' }, b.batch(2))]);
    const found: number[] = [];
    for await (const { index, personal } of range.entries(1, 4, { user: 'bob' }, false)) {
      found.push(index);
      expect(personal).toBeNull();
    }
    expect(found).toEqual([2, 3]);
  });

  it('is the same log after it was opened again', async () => {
    const log = await range.log();
    const stream = new CompanionStream();
    await writer.append([batchOf(ALICE, stream.batch(2))]);
    const again = await openDatabase(scratch.place, () => undefined);
    expect(await new LogRange(again).log()).toBe(log);
    expect(await new SqlLogWriter(again, () => nowMs).head(ALICE, stream.boot)).toEqual({
      seq: 2,
      hash: stream.head
    });
    await again.close();
  });

  it('still knows who is remembered when her time is over while others are looked up', async () => {
    const bob = { ...ALICE, user: 'bob' };
    let stepMs = 0;
    const slow = new SqlLogWriter(database, () => (nowMs += stepMs));
    const [a, b] = [new CompanionStream(), new CompanionStream()];
    for (let next = 240_000; next < 3_600_000; next += 240_000) {
      nowMs += 7_200_000;
      await slow.append([batchOf(ALICE, a.batch(1))]);
      // A database that is slow: each look at the clock is much later.
      stepMs = next;
      const appended = await slow.append([
        batchOf(ALICE, a.batch(1)),
        batchOf({ ...bob, user: `bob-${next}` }, new CompanionStream().batch(1))
      ]);
      expect(appended.map(({ kind: what }) => what)).toEqual(['stored', 'stored']);
      stepMs = 0;
    }
    expect((await slow.append([batchOf(bob, b.batch(1))]))[0]?.kind).toBe('stored');
  });

  it('numbers without a gap while two replicas append and one fails now and then', async () => {
    const replicas = [writer, new SqlLogWriter(database, () => nowMs)];
    const streams = Array.from({ length: 8 }, () => new CompanionStream(randomUUID()));
    await Promise.all(
      streams.map(async (stream, i) => {
        for (let round = 0; round < 10; round++) {
          const batch = batchOf({ ...ALICE, user: `user-${i}` }, stream.batch(3));
          await replicas[(i + round) % 2]?.append([batch]);
          // Rolled back whole: its head was another one's.
          await replicas[round % 2]?.append([{ ...batch, prev: sha256Hex('another past') }]);
        }
      })
    );
    const all = await database.read.selectFrom('record').select(['idx', 'stream_id', 'seq']).execute();
    expect(all.map(({ idx }) => idx).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 240 }, (_, index) => index)
    );
    expect(new Set(all.map(({ stream_id, seq }) => `${stream_id} ${seq}`)).size).toBe(240);
  });
});
