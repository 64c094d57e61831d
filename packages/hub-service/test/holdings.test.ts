import { changeHoldings, holdingEffect, type IHoldingChange } from '@labkeeper/core';
import { LogEntry, parseShape, type AuditRecord } from '@labkeeper/protocol';
import * as fc from 'fast-check';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import type { ISpeaker } from '../src/store/log-writer.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { asFirstVersion } from './support/first-version.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(120_000);

const ENVIRONMENTS = [null, { id: '0123456789abcdef', kind: 'venv', python: '3.12' }] as const;

/** What one record says. */
const said = fc.record({
  action: fc.constantFrom('install', 'upgrade', 'found-on-disk', 'remove', 'deny', 'heartbeat'),
  name: fc.constantFrom('numpy', 'o\'dd \u0000 "name\\'),
  version: fc.constantFrom('1.0', '2.0', null),
  environment: fc.constantFrom(...ENVIRONMENTS),
  isWell: fc.boolean()
});
/** Batches by who sends them: two servers of one person, one of another, and two streams of one server. */
const batches = fc.array(
  fc.record({
    stream: fc.nat(3),
    records: fc.array(said, { minLength: 1, maxLength: 6 }),
    isNewGroup: fc.boolean()
  }),
  { minLength: 1, maxLength: 12 }
);

type Of<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;
type Said = Of<typeof said>;
type Made = Of<typeof batches>;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('who holds what on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let nowMs = 1_795_000_000_000;

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });

  const speaker = (user: string, server: string): ISpeaker => ({ hub: 'hub', user, server, groups: ['lab'] });
  const speakers = [speaker('a', ''), speaker('a', 'big'), speaker('b', ''), speaker('b', '')];

  /** From the lines of the log alone. */
  const fromLog = async (): Promise<unknown[]> => {
    const range = new LogRange(database);
    const servers = new Map(
      (await database.read.selectFrom('server').select(['id', 'uuid']).execute()).map(({ id, uuid }) => [
        uuid,
        id
      ])
    );
    const changes: (IHoldingChange & { index: number })[] = [];
    for await (const { index, entry } of range.entries(0, await range.end(), null, false)) {
      const line = parseShape(LogEntry, entry);
      const record = line?.record;
      const effect = record ? holdingEffect(record) : null;
      if (line && record?.package && effect !== null) {
        changes.push({
          ...{ index, effect, atMs: line.receivedAtMs },
          server: servers.get(line.server) ?? -1,
          environment: record.environment?.id ?? '',
          ecosystem: record.package.ecosystem,
          name: record.package.name.replaceAll('\0', '\uFFFD'),
          version: record.package.version
        });
      }
    }
    return changeHoldings([], changes).opened.map(({ by, end }) => ({
      since_idx: by.index,
      since_ms: by.atMs,
      until_idx: end && end.by.index,
      until_ms: end && end.untilMs,
      server_id: by.server,
      environment: by.environment,
      ecosystem: by.ecosystem,
      package_name: by.name,
      package_version: by.version
    }));
  };
  const kept = async (): Promise<unknown[]> => {
    const rows = await database.read.selectFrom('holding').selectAll().orderBy('since_idx').execute();
    return rows.map(({ group_set_id: _group, ...row }) => ({ ...row }));
  };

  const append = async (made: Made, writers: readonly SqlLogWriter[]) => {
    const streams = speakers.map(() => new CompanionStream());
    const groups: ReturnType<typeof batchOf>[][] = [[]];
    for (const { stream, records, isNewGroup } of made) {
      const companion = streams[stream];
      const who = speakers[stream];
      if (!companion || !who) {
        throw new Error('There is no such stream.');
      }
      const body = companion.batchOf(
        records.map(one => () => companion.pair(record => changed(record, one)))
      );
      if (isNewGroup) {
        groups.push([]);
      }
      groups.at(-1)?.push(batchOf(who, body));
    }
    for (const [i, group] of groups.entries()) {
      nowMs += 1000;
      // Sent twice: stored once.
      await Promise.all(writers.map(writer => writer.append(i % 2 ? group : [...group, ...group])));
    }
  };

  it('is what the log says, record by record', async () => {
    const writer = new SqlLogWriter(database, () => nowMs);
    const other = new SqlLogWriter(database, () => nowMs);
    await fc.assert(
      fc.asyncProperty(batches, fc.boolean(), async (made, isTwo) => {
        await append(made, isTwo ? [writer, other] : [writer]);
        expect(await kept()).toEqual(await fromLog());
      }),
      { numRuns: 25 }
    );
    expect((await kept()).length).toBeGreaterThan(20);
  });

  it('is made from the records that are there when the table comes', async () => {
    const writer = new SqlLogWriter(database, () => nowMs);
    for (const made of fc.sample(batches, 10)) {
      await append(made, [writer]);
    }
    const many = new CompanionStream();
    const body = (): Buffer => many.batch(500, record => ({ ...record, action: 'upgrade' }));
    await writer.append([batchOf(speaker('c', ''), body()), batchOf(speaker('c', ''), body())]);
    await writer.append([batchOf(speaker('c', ''), body())]);
    const before = await kept();
    const terms = () => database.read.selectFrom('package_term').selectAll().orderBy('name').execute();
    const namesBefore = await terms();
    expect(namesBefore.length).toBeGreaterThan(2);
    const first = await asFirstVersion(kind, database);
    await database.close();
    await scratch.remove();
    scratch = first;
    database = await openDatabase(scratch.place, () => undefined);
    expect(await kept()).toEqual(before);
    expect(await terms()).toEqual(namesBefore);
    expect(before).toEqual(await fromLog());
  });

  it('stays true while two streams of one server are taken by two replicas', async () => {
    const writers = [new SqlLogWriter(database, () => nowMs), new SqlLogWriter(database, () => nowMs)];
    const streams = [new CompanionStream(), new CompanionStream()];
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        streams.map((stream, i) => {
          const body = stream.batch(5, record => ({
            ...record,
            action: 'upgrade',
            package: record.package && { ...record.package, name: 'numpy', version: `${i}.${round}` }
          }));
          return writers[i]?.append([batchOf(speaker('a', ''), body)]);
        })
      );
    }
    expect(await kept()).toEqual(await fromLog());
    expect((await kept()).filter(row => JSON.stringify(row).includes('"until_ms":null'))).toHaveLength(1);
  });
});

function changed(record: AuditRecord, { action, name, version, environment, isWell }: Said): AuditRecord {
  return {
    ...record,
    action,
    environment,
    outcome: { ok: isWell, code: isWell ? 0 : 1 },
    package: action === 'heartbeat' || !record.package ? null : { ...record.package, name, version }
  };
}
