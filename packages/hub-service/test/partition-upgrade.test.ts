import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monthAt } from '@labkeeper/core';
import { sql } from 'kysely';
import { makeBackup } from '../src/backup/make-backup.js';
import { restoreBackup } from '../src/backup/restore-backup.js';
import { DigestMaker } from '../src/digests/digest-maker.js';
import { exportLog } from '../src/export/export-log.js';
import { openKeys, registerSigningKey, type IKeys } from '../src/keys/keys.js';
import { openKeyPlaces } from '../src/keys/unlock-database.js';
import {
  migrateDatabase,
  openAsItIs,
  openDatabase,
  type DatabaseKind,
  type DatabasePlace,
  type IDatabase
} from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { migrations } from '../src/store/migrations/index.js';
import { PARTITIONED } from '../src/store/partitions.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { SqlPartitions } from '../src/store/sql-partitions.js';
import { verifyFile } from '../src/verify/verify-file.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { Kept } from './support/exported.js';
import { asSchema } from './support/first-version.js';
import { KilledMigration } from './support/killed-migration.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { partsOf, placesOf } from './support/months.js';
import {
  scratchCopy,
  scratchDatabase,
  scratchFolder,
  type IScratchDatabase
} from './support/scratch-databases.js';

jest.setTimeout(240_000);

const MIGRATION = '2026-12-01-monthly-partitions';
const names = Object.keys(migrations('postgres')).sort();
const BEFORE = names[names.indexOf(MIGRATION) - 1] ?? '';
const YEAR_MS = 366 * 86_400_000;
const ignore = (): void => undefined;
const now = (): number => Date.now();
const speaker = (user: string) => ({ hub: 'hub', user, server: '', groups: ['lab'] });
/** What is there before the upgrade stays in one part, with this month and the next. */
const UNTIL = monthAt(monthAt(Date.now()).untilMs).untilMs;

const folder = scratchFolder();
let keys: IKeys;
beforeAll(async () => {
  keys = await openKeys(join(folder.path, 'state'));
});
afterAll(() => folder.remove());

/** All rows of the three tables, as text, in an order. */
async function rowsOf({ read }: IDatabase): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const table of PARTITIONED) {
    const { rows } = await sql`select * from ${sql.table(table)} order by idx`.execute(read);
    all[table] = rows.map(row => JSON.stringify(row));
  }
  return all;
}

/** Digests everything, exports it, and lets it be verified from the file. @returns records. */
async function verified(database: IDatabase): Promise<number> {
  await new DigestMaker({ database, keys, nowMs: now }).make();
  const out = new Kept();
  await exportLog(
    { source: new LogRange(database), signer: keys, out, personalOut: null, nowMs: now() },
    { filter: null, firstIndex: 0, endIndex: null }
  );
  const file = join(folder.path, 'export.jsonl');
  writeFileSync(file, out.bytes);
  const report = verifyFile({ file, personal: null, fingerprints: [], receipts: [], digests: [] });
  expect(report).toMatchObject({ outcome: 'consistent', findings: { count: 0 } });
  return report.records;
}

/** A log with records of some months, two of them by a clock that was a year ahead. */
async function madeLog(kind: DatabaseKind): Promise<{ scratch: IScratchDatabase; database: IDatabase }> {
  const scratch = await migratedDatabase(kind);
  const database = await openDatabase(scratch.place, ignore);
  await registerSigningKey(database, keys, now());
  const stream = new CompanionStream();
  for (const atMs of [now() - YEAR_MS, now() - 40 * 86_400_000, now()]) {
    await new SqlLogWriter(database, () => atMs).append([
      batchOf(speaker('anna'), stream.batch(5)),
      batchOf(speaker(`user-${atMs}`), new CompanionStream().batch(2))
    ]);
  }
  return { scratch, database };
}

describe.each<DatabaseKind>(['sqlite', 'postgres'])('an upgrade on %s to months', kind => {
  it.each(names.slice(0, names.indexOf(MIGRATION)))(
    'of a log as %s left it keeps every row, goes on, and verifies',
    async name => {
      const { scratch, database: made } = await madeLog(kind);
      const old = await asSchema(kind, made, name);
      await made.close();
      await scratch.remove();
      const before = openAsItIs(old.place, 0, ignore);
      const kept = await rowsOf(before);
      expect(kept['record']).toHaveLength(21);
      await before.close();
      const database = await openDatabase(old.place, ignore);
      expect(await rowsOf(database)).toEqual(kept);
      const writer = new SqlLogWriter(database, now);
      const batch = batchOf(speaker('anna'), new CompanionStream().batch(4));
      expect(await writer.append([batch])).toMatchObject([{ kind: 'stored', firstIndex: 21 }]);
      expect(await writer.append([batch])).toMatchObject([{ kind: 'conflict' }]);
      expect(await verified(database)).toBe(25);
      expect((await new SqlLogReader(database, now).list({ user: 'anna' }, null, 50)).length).toBe(19);
      if (kind === 'postgres') {
        expect(new Set((await placesOf(database.read)).values())).toEqual(new Set(['before']));
      }
      await database.close();
      await old.remove();
    }
  );
});

describe('the upgrade to months on postgres', () => {
  let template: IScratchDatabase;
  let kept: Record<string, string[]>;

  beforeAll(async () => {
    const { scratch, database } = await madeLog('postgres');
    template = await asSchema('postgres', database, BEFORE);
    kept = await rowsOf(database);
    await database.close();
    await scratch.remove();
  });
  afterAll(() => template.remove());

  const open = (place: DatabasePlace): Promise<IDatabase> => openDatabase(place, ignore);
  /** An older replica that is running: the writer is as it was. */
  const oldReplica = ({ place }: IScratchDatabase): IDatabase => openAsItIs(place, 30_000, ignore);
  const proofs = async (database: IDatabase): Promise<number> =>
    (await sql`select 1 from pg_constraint where conname like '%\\_until'`.execute(database.read)).rows
      .length;

  it('copies no row, makes the months behind, and leaves nothing of the way there', async () => {
    const scratch = await scratchCopy(template.place);
    const old = oldReplica(scratch);
    const filesOf = async (database: IDatabase, suffix: string): Promise<unknown[]> => {
      const { rows } = await sql`select ${sql.join(
        PARTITIONED.map(table => sql`pg_relation_filenode(${`${table}${suffix}`})`)
      )}`.execute(database.read);
      return rows.map(row => Object.values(row ?? {}));
    };
    const files = await filesOf(old, '');
    await old.close();
    const database = await open(scratch.place);
    expect(await filesOf(database, '_before')).toEqual(files);
    for (const table of PARTITIONED) {
      const months = [UNTIL, monthAt(UNTIL).untilMs].map(ms => `${table}_${monthAt(ms).name}`);
      expect(await partsOf(database.read, table)).toEqual(
        [...months, `${table}_before`, `${table}_default`].sort()
      );
    }
    expect(await proofs(database)).toBe(0);
    const { rows } = await sql`select 1 from pg_index where not indisvalid`.execute(database.read);
    expect(rows).toEqual([]);
    await database.close();
    await scratch.remove();
  });

  it('finds places for records of a clock that was ahead', async () => {
    const scratch = await scratchCopy(template.place);
    const old = oldReplica(scratch);
    const stream = new CompanionStream();
    await new SqlLogWriter(old, () => UNTIL).append([batchOf(speaker('ben'), stream.batch(2))]);
    await new SqlLogWriter(old, () => now() + YEAR_MS).append([batchOf(speaker('ben'), stream.batch(2))]);
    const rows = await rowsOf(old);
    await old.close();
    const database = await open(scratch.place);
    expect(await rowsOf(database)).toEqual(rows);
    expect([...(await placesOf(database.read)).values()].slice(-4)).toEqual([
      ...[monthAt(UNTIL).name, monthAt(UNTIL).name, 'default', 'default']
    ]);
    await new SqlPartitions(database, now).keep();
    expect((await placesOf(database.read)).get(24)).toBe(monthAt(now() + YEAR_MS).name);
    expect(await verified(database)).toBe(25);
    await database.close();
    await scratch.remove();
  });

  it('is whole at the next start, at whatever statement it was killed, and older replicas go on meanwhile', async () => {
    const migration = await KilledMigration.make(folder.path);
    let kills = 0;
    for (let statement = 1; ; statement += 9) {
      const scratch = await scratchCopy(template.place);
      const said = migration.at(scratch.place, statement);
      if (said === null) {
        kills += 1;
        const old = oldReplica(scratch);
        const stored = await new SqlLogWriter(old, now).append([
          batchOf(speaker('ben'), new CompanionStream().batch(1))
        ]);
        expect(stored).toMatchObject([{ kind: 'stored', firstIndex: 21 }]);
        await old.close();
      }
      const database = await open(scratch.place);
      const { record, record_body, personal } = await rowsOf(database);
      expect(record?.slice(0, 21)).toEqual(kept['record']);
      expect(record_body?.slice(0, 21)).toEqual(kept['record_body']);
      expect(personal?.slice(0, 21)).toEqual(kept['personal']);
      expect((await partsOf(database.read)).length).toBeGreaterThan(2);
      expect(await proofs(database)).toBe(0);
      await database.close();
      await scratch.remove();
      if (said !== null) {
        expect(said).toBe('open');
        break;
      }
    }
    expect(kills).toBeGreaterThan(8);
  });

  it('where it fails, everything is as it was, and no constraint is left that would refuse a month', async () => {
    const scratch = await scratchCopy(template.place);
    const old = oldReplica(scratch);
    // The name that it needs is taken.
    await sql`create table personal_before (x integer)`.execute(old.write);
    await expect(open(scratch.place)).rejects.toThrow('personal_before');
    expect(await rowsOf(old)).toEqual(kept);
    expect(await proofs(old)).toBe(0);
    const stored = await new SqlLogWriter(old, () => UNTIL).append([
      batchOf(speaker('ben'), new CompanionStream().batch(1))
    ]);
    expect(stored).toMatchObject([{ kind: 'stored' }]);
    await old.close();
    await scratch.remove();
  });

  it('two new replicas at once, while older ones append and somebody reads: nothing is refused, lost or there twice', async () => {
    const scratch = await scratchCopy(template.place);
    const olds = [oldReplica(scratch), oldReplica(scratch)];
    const writers = olds.map(old => new SqlLogWriter(old, now));
    let isOver = false;
    let stored = 0;
    const appending = Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        const stream = new CompanionStream();
        let count = 0;
        for (; !isOver; count += 3) {
          const batch = batchOf(speaker(`user-${i}`), stream.batch(3));
          // To both: one of them stores it.
          const kinds = (await Promise.all(writers.map(writer => writer.append([batch])))).flat();
          stored += 3;
          expect(kinds.map(({ kind }) => kind).sort()).toEqual(['conflict', 'stored']);
        }
        return count;
      })
    );
    // A reader that does not let go for longer than one turn of the migration: between turns, records are taken.
    const reading = olds[0]?.read.transaction().execute(async db => {
      await sql`lock table record in access share mode`.execute(db);
      await sql`select pg_sleep(4)`.execute(db);
      const before = stored;
      await sql`select pg_sleep(5)`.execute(db);
      return stored - before;
    });
    const news = await Promise.all([open(scratch.place), open(scratch.place)]);
    expect(await reading).toBeGreaterThan(0);
    const [database] = news;
    const more = new SqlLogWriter(database, now);
    expect(await more.append([batchOf(speaker('carol'), new CompanionStream().batch(2))])).toMatchObject([
      { kind: 'stored' }
    ]);
    isOver = true;
    const counts = await appending;
    const count = counts.reduce((sum, each) => sum + each, 0);
    expect(count).toBeGreaterThan(20);
    const { rows } = await sql<{ n: number; pairs: number; ends: number }>`select count(*) as n,
      count(distinct (stream_id, seq)) as pairs, max(idx) + 1 as ends from record`.execute(database.read);
    const all = 21 + count + 2;
    expect(rows).toEqual([{ n: all, pairs: all, ends: all }]);
    expect(await verified(database)).toBe(all);
    await Promise.all([...olds, ...news].map(each => each.close()));
    await scratch.remove();
  });

  it('a backup of months is restored as months, and one from before them gets them', async () => {
    const scratch = await scratchCopy(template.place);
    const state = join(folder.path, 'state');
    const restored = async (name: string): Promise<void> => {
      const empty = await scratchDatabase('postgres');
      const at = join(folder.path, name);
      await makeBackup(at, scratch.place, state, now());
      const { report } = await restoreBackup({
        ...{ folder: at, keysFile: null, place: empty.place, stateFolder: state, hubId: 'hub', nowMs: now },
        places: await openKeyPlaces({ stateFolder: state, masterKeyFile: null }),
        holders: { anchors: [], witnesses: [], authorities: [], isPart: false }
      });
      expect(report).toMatchObject({ outcome: 'consistent', records: 21 });
      const database = await open(empty.place);
      expect(await rowsOf(database)).toEqual(kept);
      expect(new Set((await placesOf(database.read)).values())).toEqual(new Set(['before']));
      await new SqlPartitions(database, now).keep();
      const stored = await new SqlLogWriter(database, () => UNTIL).append([
        batchOf(speaker('ben'), new CompanionStream().batch(1))
      ]);
      expect(stored).toMatchObject([{ kind: 'stored', firstIndex: 21 }]);
      expect((await placesOf(database.read)).get(21)).toBe(monthAt(UNTIL).name);
      await database.close();
      await empty.remove();
    };
    await restored('before-months');
    const database = await open(scratch.place);
    await new DigestMaker({ database, keys, nowMs: now }).make();
    await database.close();
    await restored('with-months');
    await scratch.remove();
  });

  it('an older database that is asked for an older schema stays whole', async () => {
    const scratch = await scratchCopy(template.place);
    await migrateDatabase(scratch.place, ignore, BEFORE);
    const old = oldReplica(scratch);
    expect(await partsOf(old.read)).toEqual([]);
    await old.close();
    await scratch.remove();
  });
});
