import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { readErasures } from '../src/backup/erasure-list.js';
import { makeBackup } from '../src/backup/make-backup.js';
import { listedErasures, resumeErasures } from '../src/backup/listed-erasures.js';
import { restoreBackup, type IRestore, type IRestored } from '../src/backup/restore-backup.js';
import { DigestMaker } from '../src/digests/digest-maker.js';
import type { IKeys } from '../src/keys/keys.js';
import { openKeyPlaces } from '../src/keys/unlock-database.js';
import type { DatabaseKind, DatabasePlace, IDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { OWN_USER } from '../src/store/own-acts.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchDatabase, scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';
import { masterKeyFile, startKeys } from './support/service-keys.js';

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
    [scratch, empty] = [await migratedDatabase(kind), await scratchDatabase(kind)];
    ({ database, keys } = await startKeys(scratch.place, { stateFolder: state }));
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

  const restore = async (
    place: DatabasePlace,
    change: Partial<IRestore> = {},
    masterKeyFile: string | null = null
  ): Promise<IRestored> =>
    restoreBackup({
      ...{ folder: at, keysFile: null, place, stateFolder: state, hubId: 'hub', holders: HOLDERS },
      places: await openKeyPlaces({ stateFolder: state, masterKeyFile }),
      nowMs: () => Date.now(),
      ...change
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

  it('says which master key it needs, and is not restored without it: nothing is made', async () => {
    const { own } = await openKeyPlaces({ stateFolder: state });
    expect(JSON.parse(readFileSync(join(at, 'backup.json'), 'utf8'))).toMatchObject({ masterKey: own?.id });
    const elsewhere = join(folder.path, 'elsewhere');
    const places = await openKeyPlaces({ stateFolder: elsewhere });
    await expect(restore(target(), { places })).rejects.toThrow(
      `The backup in ${at} needs the master key ${own?.id}, and ${elsewhere}/master-key is not there: put that key there, or name its file in LABKEEPER_MASTER_KEY_FILE; nothing was restored.`
    );
    const other = masterKeyFile(join(folder.path, 'other'));
    await expect(restore(target(), {}, other)).rejects.toThrow(
      `needs the master key ${own?.id}, and ${other} is`
    );
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(existsSync(join(folder.path, 'restored.sqlite.restoring'))).toBe(false);
  });

  it('is not restored with keys of persons that were altered or exchanged', async () => {
    const lines = readFileSync(join(at, 'person-keys.jsonl'), 'utf8').trim().split('\n');
    const [first, second] = lines.map(line => JSON.parse(line) as { person: string; key: string });
    const keysFile = join(folder.path, 'exchanged.jsonl');
    writeFileSync(keysFile, `${JSON.stringify({ ...first, key: second?.key })}\n`);
    const gone: IScratchDatabase = await scratchDatabase(kind);
    await expect(restore(gone.place, { keysFile })).rejects.toThrow(
      `${keysFile}: the key of the person ${first?.person} cannot be opened`
    );
    await gone.remove();
  });

  it('of a version before, whose keys are plain, is restored with sealed ones', async () => {
    const old = join(folder.path, 'of-before');
    cpSync(at, old, { recursive: true });
    const { masterKey, ...head } = JSON.parse(readFileSync(join(at, 'backup.json'), 'utf8')) as {
      masterKey: string;
    };
    expect(masterKey).toMatch(/^[0-9a-f]{16}$/);
    writeFileSync(join(old, 'backup.json'), JSON.stringify(head));
    const rows = await database.read
      .selectFrom('person_key')
      .innerJoin('person', 'person.id', 'person_key.person_id')
      .select(['person_id', 'uuid'])
      .execute();
    const opened = await database.personKeys.read(
      database.read,
      rows.map(({ person_id }) => person_id)
    );
    const plain = rows.map(({ person_id, uuid }) =>
      JSON.stringify({ person: uuid, key: opened.get(person_id)?.export().toString('base64') })
    );
    writeFileSync(join(old, 'person-keys.jsonl'), `${plain.join('\n')}\n`);
    const fresh = await scratchDatabase(kind);
    await restore(fresh.place, { folder: old });
    const { database: restored, told } = await startKeys(fresh.place, { stateFolder: state });
    expect(told).toEqual([]);
    expect(await personal(restored)).toBe(40);
    await restored.close();
    await fresh.remove();
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
    const { database: restored } = await startKeys(target(), { stateFolder: state });
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
