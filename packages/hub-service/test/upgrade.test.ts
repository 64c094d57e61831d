import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { DigestMaker } from '../src/digests/digest-maker.js';
import { exportLog } from '../src/export/export-log.js';
import { openKeys, registerSigningKey } from '../src/keys/keys.js';
import { actOf } from '../src/store/act-entry.js';
import { migrateDatabase, openAsItIs, openDatabase, type DatabaseKind } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { OwnActs } from '../src/store/own-acts.js';
import { termsWith } from '../src/store/package-terms.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { verifyFile } from '../src/verify/verify-file.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { Kept } from './support/exported.js';
import { asPolicyVersion, POLICY_TABLES } from './support/first-version.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchDatabase, scratchFolder } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const ignore = (): void => undefined;
const now = (): number => Date.now();
const ACTOR = { hub: 'hub', by: 'lead', reason: 'has left' };

function speaker(user: string) {
  return { hub: 'hub', user, server: '', groups: ['lab'] };
}

describe.each<DatabaseKind>(['sqlite', 'postgres'])(
  'an upgrade of the version with the policy on %s',
  kind => {
    const folder = scratchFolder();
    afterAll(() => folder.remove());

    it('keeps every row, appends the acts of before once, and what is exported verifies', async () => {
      const before = await migratedDatabase(kind);
      const old = await openDatabase(before.place, ignore);
      const keys = await openKeys(join(folder.path, kind));
      await registerSigningKey(old, keys, now());
      const first = new SqlLogWriter(old, now);
      await first.append([
        batchOf(speaker('anna'), new CompanionStream().batch(5)),
        batchOf(speaker('ben'), new CompanionStream().batch(5))
      ]);
      await new DigestMaker({ database: old, keys, nowMs: now }).make();
      // Without what appends them: acts stand beside the log alone.
      const legal = new SqlLegal(old, now);
      await legal.hold(ACTOR, null, 'C-1');
      await legal.lift(ACTOR, (await legal.holds())[0]?.id ?? 0);
      const { uuid } = await old.read
        .selectFrom('person')
        .select('uuid')
        .where('name', '=', 'anna')
        .executeTakeFirstOrThrow();
      await legal.erase({ ...ACTOR, by: 'labkeeper restore', isMachine: true }, 'anna');
      await old.write
        .insertInto('look')
        .values({ at_ms: 1, hub: 'hub', reader: 'lead', kind: 'list', query: '{}' })
        .execute();
      const digest = 'a'.repeat(64);
      await old.write
        .insertInto('policy_version')
        .values({ digest, content: Buffer.from('x'), stored_at_ms: 1 })
        .execute();
      await old.write.insertInto('policy_use').values({ digest, from_ms: 1 }).execute();

      const scratch = await asPolicyVersion(kind, old);
      const rowsOf = async (place: typeof scratch.place) => {
        const database = openAsItIs(place, 0, ignore);
        const all: Record<string, unknown> = {};
        for (const name of POLICY_TABLES) {
          const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(
            database.read
          );
          // A column that came later says that its key is plain, until a start of the service seals it.
          all[name] = rows.map(({ master_id, ...row }) => JSON.stringify([row, master_id ?? null])).sort();
        }
        await database.close();
        return all;
      };
      const kept = await rowsOf(scratch.place);
      expect(Object.entries(kept).filter(([, rows]) => String(rows) === '')).toEqual([]);
      const database = await openDatabase(scratch.place, ignore);
      expect(await rowsOf(scratch.place)).toEqual(kept);
      await old.close();
      await before.remove();

      const writer = new SqlLogWriter(database, now);
      const own = () => new OwnActs({ database, writer, keys, hubId: 'hub' });
      await Promise.all([own().flush(), own().flush()]);
      await new SqlLegal(database, now, own()).hold(ACTOR, 'ben', 'C-2');
      await writer.append([batchOf(speaker('ben'), new CompanionStream().batch(5))]);
      const range = new LogRange(database);
      const acts = [];
      for await (const { entry } of range.entries(0, await range.end(), null, false)) {
        acts.push(...[actOf(entry)].filter(act => act !== null));
      }
      expect(acts.map(({ seq, action, act }) => [seq, action, act.number, act.case, act.lifts])).toEqual([
        [1, 'hold', 1, 'C-1', null],
        [2, 'lift', 2, 'C-1', 1],
        [3, 'erase', 3, null, null],
        [4, 'hold', 4, 'C-2', null]
      ]);
      expect(acts.map(({ act }) => act.actor === null)).toEqual([false, false, true, false]);
      expect(acts[2]?.act.subject).toBe(uuid);
      expect(
        await database.read.selectFrom('person').select('id').where('name', '=', 'anna').execute()
      ).toEqual([]);
      for (const change of [
        database.write.deleteFrom('own_record').where('id', '=', 1),
        database.write.updateTable('own_record').set({ act: '{}' }).where('id', '=', 1)
      ]) {
        await expect(change.execute()).rejects.toThrow('Acts stay as they are.');
      }

      await new DigestMaker({ database, keys, nowMs: now }).make();
      const out = new Kept();
      await exportLog(
        { source: range, signer: keys, out, personalOut: null, nowMs: now() },
        { filter: null, firstIndex: 0, endIndex: null }
      );
      const file = join(folder.path, `${kind}.jsonl`);
      writeFileSync(file, out.bytes);
      expect(verifyFile({ file, personal: null, fingerprints: [], receipts: [], digests: [] })).toMatchObject(
        {
          outcome: 'consistent',
          records: 19,
          streams: { unbroken: 4 }
        }
      );
      await database.close();
      await scratch.remove();
    });
  }
);

describe('an upgrade on postgres', () => {
  it('lists the packages that a replica of the older version still appends, and only those', async () => {
    const scratch = await migratedDatabase('postgres');
    const database = await openDatabase(scratch.place, ignore);
    const writer = new SqlLogWriter(database, now);
    await writer.append([batchOf(speaker('anna'), new CompanionStream().batch(5))]);
    expect((await termsWith(database.read, ''))?.length).toBeGreaterThan(0);
    // As it appends: it knows nothing of the list.
    await sql`insert into record select (jsonb_populate_record(r, jsonb_build_object(
        'idx', r.idx + 1000, 'seq', r.seq + 1000, 'package_name', case when r.seq % 2 = 0 then 'left-behind' end))).*
      from record r`.execute(database.write);
    expect(await termsWith(database.read, 'left-be')).toEqual(['left-behind']);
    // This version's names are put there by the writer, which remembers them.
    await database.write.deleteFrom('package_term').execute();
    await writer.append([batchOf(speaker('anna'), new CompanionStream().batch(5))]);
    expect(await termsWith(database.read, '')).toEqual([]);
    await database.close();
    await scratch.remove();
  });

  it.each([
    ['is used in whatever schema it is', '', 1],
    [
      'is left out where it cannot be used',
      'alter extension pg_trgm drop operator class other.gin_trgm_ops using gin; drop operator class other.gin_trgm_ops using gin',
      0
    ]
  ])('with pg_trgm: it %s', async (_, broken, indexes) => {
    const scratch = await scratchDatabase('postgres');
    await migrateDatabase(scratch.place, ignore, '2026-11-27-policy');
    const old = openAsItIs(scratch.place, 0, ignore);
    for (const statement of [
      'create schema other',
      'create extension pg_trgm schema other',
      ...broken.split(';').filter(each => each !== '')
    ]) {
      await sql.raw(statement).execute(old.write);
    }
    await old.close();
    const database = await openDatabase(scratch.place, ignore);
    const { rows } = await sql`select 1 from pg_indexes where indexname = 'package_term_trigrams'`.execute(
      database.read
    );
    expect(rows).toHaveLength(indexes);
    await new SqlLogWriter(database, now).append([batchOf(speaker('anna'), new CompanionStream().batch(5))]);
    expect((await termsWith(database.read, ''))?.length).toBeGreaterThan(0);
    await database.close();
    await scratch.remove();
  });
});
