import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { exportCommand } from '../src/export/cli.js';
import { readMasterKeyFile } from '../src/keys/master-key-file.js';
import { rotateMasterCommand } from '../src/keys/rotate-master-command.js';
import { openKeyPlaces, type IKeySettings } from '../src/keys/unlock-database.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { verifyFile } from '../src/verify/verify-file.js';
import { batchOf } from './support/batch-of.js';
import { buildProgram } from './support/build-program.js';
import { CompanionStream } from './support/companion-stream.js';
import { masterKeyFile, startKeys, storageVariables } from './support/service-keys.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(240_000);

const now = (): number => Date.now();
const PEOPLE = ['anna', 'bert', 'cleo', 'dora', 'emil'];
const SEALED_BYTES = 12 + 16 + 32;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('persons’ keys on %s', kind => {
  const folder = scratchFolder();
  const program = join(folder.path, 'keys-child.mjs');
  let scratch: IScratchDatabase;
  let settings: IKeySettings & { readonly masterKeyFile: string | null };
  const opened: IDatabase[] = [];
  let runs = 0;

  beforeAll(() => buildProgram(join(__dirname, 'keys-child.mts'), program));
  afterAll(() => folder.remove());
  beforeEach(async () => {
    scratch = await migratedDatabase(kind, true);
    runs += 1;
    settings = { stateFolder: join(folder.path, `state-${runs}`), masterKeyFile: null };
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(database => database.close()));
    await scratch.remove();
  });

  const start = async (with_ = settings) => {
    const started = await startKeys(scratch.place, with_);
    opened.push(started.database);
    return started;
  };
  /** As a replica of the version before does: it knows of no master key. */
  const older = async (): Promise<IDatabase> => {
    const database = await openDatabase(scratch.place, () => undefined);
    opened.push(database);
    return database;
  };
  const append = async (database: IDatabase, users = PEOPLE): Promise<void> => {
    const writer = new SqlLogWriter(database, now);
    await writer.append(
      users.map(user => batchOf({ hub: 'hub', user, server: '', groups: [] }, new CompanionStream().batch(2)))
    );
  };
  const rows = (database: IDatabase) =>
    database.read.selectFrom('person_key').selectAll().orderBy('person_id').execute();
  const personal = async (database: IDatabase): Promise<string[]> => {
    const parts: string[] = [];
    const range = new LogRange(database);
    for await (const { personal: part } of range.entries(0, await range.end(), null, true)) {
      parts.push(...(part === null ? [] : [part]));
    }
    return parts;
  };
  const masterIds = async (database: IDatabase): Promise<Set<string | null>> =>
    new Set((await rows(database)).map(({ master_id }) => master_id));
  const rotate = async (words: readonly string[], with_ = settings) => {
    const lines: string[] = [];
    const line = (text: string): void => void lines.push(text);
    const code = await rotateMasterCommand({
      ...{ words, nowMs: now, say: line, complain: line },
      variables: storageVariables(scratch.place, with_)
    });
    return { code, said: lines.join('\n') };
  };

  it('are sealed under the person’s number, and open as nobody else’s', async () => {
    const { database, told } = await start();
    await append(database);
    const stored = await rows(database);
    expect(stored.map(({ key }) => key.length)).toEqual(PEOPLE.map(() => SEALED_BYTES));
    const { own } = await openKeyPlaces(settings);
    expect(await masterIds(database)).toEqual(new Set([own?.id]));
    expect(statSync(join(settings.stateFolder, 'master-key')).mode & 0o777).toBe(0o600);
    expect(await personal(database)).toHaveLength(10);
    expect((await new SqlLogReader(database, now).story(0))?.personal).toContain('/home/alice/.venv');
    expect(told).toEqual([]);

    const [first, second] = stored;
    await database.write
      .updateTable('person_key')
      .set({ key: second?.key ?? Buffer.alloc(0) })
      .where('person_id', '=', first?.person_id ?? 0)
      .execute();
    await expect(personal(database)).rejects.toThrow();
    // Without the master key they are nothing.
    await expect(personal(await older())).rejects.toThrow('opened without their master key');
  });

  it('of a version before are sealed at the next start, and leave nothing plain behind', async () => {
    const before = await older();
    await append(before);
    const plain = (await rows(before)).map(({ key }) => Buffer.from(key));
    const parts = await personal(before);
    expect(plain.map(({ length }) => length)).toEqual(PEOPLE.map(() => 32));
    await opened.pop()?.close();

    const { database, told } = await start();
    expect(told.join()).toContain('Keys of 5 persons were plain in the database, and are sealed now');
    expect((await rows(database)).map(({ key }) => key.length)).toEqual(PEOPLE.map(() => SEALED_BYTES));
    expect(await personal(database)).toEqual(parts);
    const { place } = scratch;
    if (place.kind === 'sqlite') {
      const files = ['', '-wal'].map(end => `${place.file}${end}`).filter(existsSync);
      for (const bytes of files.map(file => readFileSync(file))) {
        expect(plain.filter(key => bytes.includes(key))).toEqual([]);
      }
    }
    await append(database);
    expect((await start()).told).toEqual([]);
  });

  it('that a replica of the version before still inserts are sealed at their first use, and by the next start', async () => {
    const { database } = await start();
    const replica = await older();
    await append(replica, ['anna', 'bert']);
    expect(await masterIds(database)).toEqual(new Set([null]));
    expect(await personal(database)).toHaveLength(4);
    await append(database, ['anna', 'cleo']);
    expect((await rows(database)).map(({ master_id }) => master_id === null)).toEqual([false, true, false]);
    expect((await start()).told.join()).toContain('Keys of 1 persons were plain');
    expect(await personal(database)).toHaveLength(8);
  });

  it('are all sealed in the end, at whatever statement a start was killed', async () => {
    const before = await older();
    await append(before);
    const parts = await personal(before);
    await opened.pop()?.close();
    const plain = await scratchRows(scratch);
    let kills = 0;
    for (let statement = 12; ; statement += 4) {
      const { signal, stdout, stderr } = spawnSync(
        process.execPath,
        [program, 'start', JSON.stringify(scratch.place), JSON.stringify(settings), String(statement)],
        { encoding: 'utf8' }
      );
      expect(stderr).toBe('');
      if (signal !== 'SIGKILL') {
        expect(stdout).toBe('done');
        break;
      }
      kills += 1;
      const { database } = await start();
      expect([...(await masterIds(database))]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
      expect(await personal(database)).toEqual(parts);
      // Plain again, as they were.
      for (const { person_id, key } of plain) {
        await database.write
          .updateTable('person_key')
          .set({ key, master_id: null })
          .where('person_id', '=', person_id)
          .execute();
      }
      await opened.pop()?.close();
    }
    expect(kills).toBeGreaterThan(2);
  });

  it('are answered with no new master key where theirs is gone, or another one is there', async () => {
    const { database } = await start();
    await append(database);
    const file = join(settings.stateFolder, 'master-key');
    const { own } = await openKeyPlaces(settings);
    renameSync(file, `${file}.away`);
    await expect(startKeys(scratch.place, settings)).rejects.toThrow(
      `The keys in this database are sealed with the master key ${own?.id}, and ${file} is not there: put it back from the backup of that folder, or name the key's file in LABKEEPER_MASTER_KEY_FILE; no other key opens them, and none was made.`
    );
    expect(readdirSync(settings.stateFolder)).not.toContain('master-key');
    const other = masterKeyFile(join(folder.path, 'other'));
    await expect(startKeys(scratch.place, { ...settings, masterKeyFile: other })).rejects.toThrow(
      `The master key at ${other} (${(await readMasterKeyFile(other)).id}) is not the one that the keys in this database are sealed with (${own?.id})`
    );
    // The same key from outside opens it.
    const { database: again } = await start({ ...settings, masterKeyFile: `${file}.away` });
    expect(await personal(again)).toHaveLength(10);
  });

  it('that nobody can open any more leave a log whose records can be exported', async () => {
    const { database } = await start();
    await append(database);
    await opened.pop()?.close();
    rmSync(join(settings.stateFolder, 'master-key'));
    const exported = async (name: string, ...more: string[]) => {
      const lines: string[] = [];
      const line = (text: string): void => void lines.push(text);
      const file = join(folder.path, `${name}-${runs}.jsonl`);
      const code = await exportCommand({
        ...{ words: ['--out', file, ...more], nowMs: now, say: line, complain: line },
        variables: storageVariables(scratch.place, settings)
      });
      return { code, file, said: lines.join('\n') };
    };
    const { code, file } = await exported('records');
    expect(code).toBe(0);
    expect(verifyFile({ file, personal: null, fingerprints: [], receipts: [], digests: [] })).toMatchObject({
      outcome: 'consistent',
      records: 10,
      proven: 10
    });
    expect(await exported('personal', '--personal')).toMatchObject({
      code: 1,
      said: expect.stringContaining('opened without their master key')
    });
  });

  it('are deleted by an erasure, sealed as they are, and not made again', async () => {
    const { database } = await start();
    await append(database);
    const legal = new SqlLegal(database, now);
    expect(await legal.erase({ hub: 'hub', by: 'lead', reason: 'asked' }, 'anna')).toMatchObject({
      kind: 'erased'
    });
    expect(await rows(database)).toHaveLength(4);
    expect(await personal(database)).toHaveLength(8);
    const erased = await database.read
      .selectFrom('person')
      .select('id')
      .where('name', 'is', null)
      .executeTakeFirstOrThrow();
    const made = await database.write
      .transaction()
      .execute(db => database.personKeys.readOrMake(db, [erased.id]));
    expect(made.size).toBe(0);
    expect(await rows(database)).toHaveLength(4);
  });

  it('are sealed anew by another master key while services with the old one go on', async () => {
    const file = masterKeyFile(join(folder.path, `first-${runs}`));
    const outside = { ...settings, masterKeyFile: file };
    const { database, keys } = await start(outside);
    await append(database);
    const parts = await personal(database);
    const next = masterKeyFile(join(folder.path, `next-${runs}`));
    const [old, id] = [(await readMasterKeyFile(file)).id, (await readMasterKeyFile(next)).id];

    let isOver = false;
    const reading = (async () => {
      let times = 0;
      for (; !isOver; times++) {
        expect(await personal(database)).toEqual(parts);
        // SQLite answers at once: without a turn of the loop nothing else would go on.
        await pause(1);
      }
      return times;
    })();
    const done = await rotate(['--new', next], outside);
    isOver = true;
    expect(done).toMatchObject({ code: 0, said: expect.stringContaining(`master key ${id} now`) });
    expect(await reading).toBeGreaterThan(0);
    expect(await masterIds(database)).toEqual(new Set([id]));
    // The old service reads, and seals new ones with the new key, which it was never given.
    expect(await personal(database)).toEqual(parts);
    await append(database, ['new-one']);
    expect(await masterIds(database)).toEqual(new Set([id]));

    expect((await rotate(['--finish'], outside)).said).toContain(`put ${id} in its place first`);
    expect((await rotate(['--new', masterKeyFile(join(folder.path, 'third'))], outside)).code).toBe(2);
    const after = { ...settings, masterKeyFile: next };
    const { database: fresh, keys: freshKeys } = await start(after);
    expect([freshKeys.publicKey, freshKeys.secret('ticket')]).toEqual([
      keys.publicKey,
      keys.secret('ticket')
    ]);
    expect(await personal(fresh)).toHaveLength(12);
    // Until it is finished the old one still does.
    expect(await personal((await start(outside)).database)).toHaveLength(12);
    expect((await rotate(['--finish'], after)).said).toContain(`Only the master key ${id} opens`);
    await expect(startKeys(scratch.place, outside)).rejects.toThrow(`(${old}) is not the one`);
    expect((await rotate(['--finish'], after)).said).toContain('nothing to finish');
    expect(await personal(fresh)).toHaveLength(12);
  });

  it('have one master key in the end, at whatever statement a change of it was killed', async () => {
    await append((await start()).database);
    const parts = await personal((await start()).database);
    let kills = 0;
    for (let statement = 6; ; statement += 7) {
      // A service that goes on during the change.
      const { database } = await start();
      const { signal, stdout, stderr } = spawnSync(
        process.execPath,
        [program, 'rotate', JSON.stringify(scratch.place), JSON.stringify(settings), String(statement)],
        { encoding: 'utf8' }
      );
      expect(stderr).toBe('');
      // Whatever it left: it reads everything, and so does one that starts now.
      expect(await personal(database)).toEqual(parts);
      expect(await personal((await start()).database)).toEqual(parts);
      const again = await rotate([]);
      expect(again.code).toBe(again.said.includes('is not finished') ? 2 : 0);
      expect(await personal(database)).toEqual(parts);
      // All are restarted with the new one, and then it is finished.
      await Promise.all(opened.splice(0).map(each => each.close()));
      expect((await rotate(['--finish'])).code).toBe(0);
      const { database: fresh } = await start();
      const { own } = await openKeyPlaces(settings);
      expect(await masterIds(fresh)).toEqual(new Set([own?.id]));
      expect(await fresh.read.selectFrom('master_key_handover').selectAll().execute()).toEqual([]);
      expect(await personal(fresh)).toEqual(parts);
      if (signal !== 'SIGKILL') {
        expect(stdout).toBe('done');
        break;
      }
      kills += 1;
    }
    expect(kills).toBeGreaterThan(2);
  });
});

async function scratchRows({ place }: IScratchDatabase) {
  const database = await openDatabase(place, () => undefined);
  const rows = await database.read.selectFrom('person_key').select(['person_id', 'key']).execute();
  await database.close();
  return rows;
}
