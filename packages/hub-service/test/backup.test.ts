import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readErasures } from '../src/backup/erasure-list.js';
import { makeBackup } from '../src/backup/make-backup.js';
import { listedErasures, resumeErasures } from '../src/backup/listed-erasures.js';
import { restoreBackup, type IRestored } from '../src/backup/restore-backup.js';
import { DigestMaker } from '../src/digests/digest-maker.js';
import { openKeys, registerSigningKey, type IKeys } from '../src/keys/keys.js';
import {
  openDatabase,
  type DatabaseKind,
  type DatabasePlace,
  type IDatabase
} from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { OWN_USER } from '../src/store/own-acts.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { scratchDatabase, scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const ACTOR = { hub: 'hub', by: 'lead', reason: 'asked for it' };
const HOLDERS = { anchors: [], witnesses: [], authorities: [], isPart: false };

describe.each<DatabaseKind>(['sqlite', 'postgres'])('a backup of a log in %s', kind => {
  const folder = scratchFolder();
  const state = join(folder.path, 'state');
  const at = join(folder.path, 'backup');
  let scratch: IScratchDatabase;
  let empty: IScratchDatabase;
  let database: IDatabase;
  let keys: IKeys;

  beforeAll(async () => {
    rmSync(at, { recursive: true, force: true });
    [scratch, empty] = [await scratchDatabase(kind), await scratchDatabase(kind)];
    database = await openDatabase(scratch.place, () => undefined);
    keys = await openKeys(state);
    await registerSigningKey(database, keys, Date.now());
    const writer = new SqlLogWriter(database, () => Date.now());
    for (const user of ['anna', 'bert']) {
      const speaker = { hub: 'hub', user, server: '', groups: [] };
      await writer.append([batchOf(speaker, new CompanionStream().batch(20))]);
    }
    await new DigestMaker({ database, keys, nowMs: () => Date.now() }).make();
    await makeBackup(at, scratch.place, state, Date.now());
  });
  afterAll(async () => {
    await database.close();
    await Promise.all([scratch.remove(), empty.remove()]);
    folder.remove();
  });

  const restore = (place: DatabasePlace): Promise<IRestored> =>
    restoreBackup({
      ...{ folder: at, keysFile: null, place, stateFolder: state, keys, hubId: 'hub', holders: HOLDERS },
      nowMs: () => Date.now()
    });
  /** A place where there is nothing yet. */
  const target = (): DatabasePlace =>
    kind === 'sqlite' ? { kind, file: join(folder.path, 'restored.sqlite') } : empty.place;
  const personal = async (db: IDatabase): Promise<number> => {
    let parts = 0;
    for await (const { personal: part } of new LogRange(db).entries(0, 40, null, true)) {
      parts += part === null ? 0 : 1;
    }
    return parts;
  };

  it('holds persons’ keys in one file, and in no other', async () => {
    const rows = await database.read.selectFrom('person_key').select('key').execute();
    expect(rows).toHaveLength(2);
    const log = readFileSync(join(at, kind === 'sqlite' ? 'log.sqlite' : 'log.pgdump'));
    for (const { key } of rows) {
      expect(log.includes(Buffer.from(key))).toBe(false);
      expect(log.includes(Buffer.from(key).toString('hex'))).toBe(false);
      expect(readFileSync(join(at, 'person-keys.jsonl'), 'utf8')).toContain(
        Buffer.from(key).toString('base64')
      );
    }
    await expect(makeBackup(at, scratch.place, state, 0)).rejects.toThrow('is not empty');
  });

  it('is put back over no log', async () => {
    await expect(restore(scratch.place)).rejects.toThrow('nothing is restored over a log');
  });

  it('comes back without whom was erased after it, and every chain verifies', async () => {
    const legal = listedErasures(database, () => Date.now(), null, state);
    expect(await legal.erase(ACTOR, 'anna')).toMatchObject({ kind: 'erased' });
    const { report, erased } = await restore(target());
    expect(erased).toBe(1);
    expect(report).toMatchObject({
      outcome: 'consistent',
      findings: { count: 0 },
      // The erasure that was done again is a record too.
      records: 41,
      proven: 40,
      streams: { count: 3, unbroken: 3 }
    });
    const restored = await openDatabase(target(), () => undefined);
    try {
      const persons = await restored.read.selectFrom('person').select('name').orderBy('id').execute();
      expect(persons).toEqual([{ name: null }, { name: 'bert' }, { name: OWN_USER }]);
      // Bert's, and the service's own.
      expect(await restored.read.selectFrom('person_key').select('person_id').execute()).toHaveLength(2);
      expect(await personal(restored)).toBe(20);
      expect(await new SqlLogReader(restored, () => 0).count({ user: 'anna' }, 100)).toBe(0);
    } finally {
      await restored.close();
    }
    expect(existsSync(join(folder.path, 'restored.sqlite.restoring'))).toBe(false);
  });

  it('is restored without whom a service erased that was killed right after the commit', async () => {
    // Its own transaction is all that happened: no list, and the personal parts are still there.
    const legal = new SqlLegal(
      database,
      () => Date.now(),
      null,
      () => Promise.reject(new Error('killed'))
    );
    const before = await database.read.selectFrom('personal').selectAll().execute();
    await expect(legal.erase(ACTOR, 'bert')).rejects.toThrow('killed');
    await database.write.insertInto('personal').values(before).execute();
    const list = join(state, 'erasures.jsonl');
    // One line more was cut short by a power cut.
    appendFileSync(list, '{"log":"');
    const parts = () => database.read.selectFrom('personal').select('idx').execute();
    expect(await parts()).not.toEqual([]);
    // A state folder that cannot be written keeps no service from starting.
    const told: unknown[] = [];
    await resumeErasures(database, join(state, 'signing-key.pem'), error => told.push(error));
    expect(told).toHaveLength(1);
    const finish = await resumeErasures(database, state, error => {
      throw error;
    });
    await finish();
    expect(await parts()).toEqual([]);
    const { uuid } = await database.read
      .selectFrom('person')
      .innerJoin('legal_act', 'legal_act.person_id', 'person.id')
      .select('uuid')
      .orderBy('legal_act.id', 'desc')
      .executeTakeFirstOrThrow();
    expect((await readErasures(list)).map(({ person }) => person)).toContain(uuid);
  });
});
