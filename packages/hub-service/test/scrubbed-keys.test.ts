import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { makeBackup } from '../src/backup/make-backup.js';
import { readMasterKeyFile } from '../src/keys/master-key-file.js';
import { rotateMasterCommand } from '../src/keys/rotate-master-command.js';
import type { IKeySettings } from '../src/keys/unlock-database.js';
import type { DatabaseKind, IDatabase } from '../src/store/database.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { masterKeyFile, startKeys, storageVariables } from './support/service-keys.js';
import { scratchDatabase, scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const now = (): number => Date.now();
const PEOPLE = Array.from({ length: 40 }, (_none, at) => `person-${at}`);
const TABLES = ['person_key', 'sealed_secret', 'master_key_handover'] as const;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('a finished change of the master key on %s', kind => {
  const folder = scratchFolder();
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let old: IKeySettings;
  let next: IKeySettings;
  let runs = 0;
  beforeEach(async () => {
    scratch = await scratchDatabase(kind);
    runs += 1;
    const file = (name: string): string => masterKeyFile(join(folder.path, `${name}-${runs}`));
    old = { stateFolder: join(folder.path, `state-${runs}`), masterKeyFile: file('old') };
    next = { ...old, masterKeyFile: file('next') };
    ({ database } = await startKeys(scratch.place, old));
    await new SqlLogWriter(database, now).append(
      PEOPLE.map(user =>
        batchOf({ hub: 'hub', user, server: '', groups: [] }, new CompanionStream().batch(1))
      )
    );
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });
  afterAll(() => folder.remove());

  const command = async (settings: IKeySettings, ...words: string[]) => {
    const lines: string[] = [];
    const line = (text: string): void => void lines.push(text);
    const code = await rotateMasterCommand({
      ...{ words, nowMs: now, say: line, complain: line },
      variables: storageVariables(scratch.place, settings)
    });
    return { code, said: lines.join('\n') };
  };
  /** What is sealed in the tables of keys. */
  const wraps = async (): Promise<readonly Buffer[]> => {
    const persons = await database.read.selectFrom('person_key').select('key as sealed').execute();
    const secrets = await database.read.selectFrom('sealed_secret').select('sealed').execute();
    const handover = await database.read.selectFrom('master_key_handover').select('sealed').execute();
    return [...persons, ...secrets, ...handover].map(({ sealed }) => Buffer.from(sealed));
  };
  /** The database's own files that hold them, as they are on the disk. */
  const files = async (): Promise<Buffer> => {
    const { place } = scratch;
    if (place.kind === 'sqlite') {
      const paths = ['', '-wal'].map(end => `${place.file}${end}`).filter(existsSync);
      return Buffer.concat(paths.map(path => readFileSync(path)));
    }
    await sql`checkpoint`.execute(database.write);
    const { rows } = await sql<{ bytes: Buffer }>`select pg_read_binary_file(pg_relation_filepath(t)) as bytes
      from unnest(${[...TABLES]}::text[]) as t`.execute(database.write);
    return Buffer.concat(rows.map(({ bytes }) => bytes));
  };
  const found = (bytes: Buffer, of: readonly Buffer[]): number =>
    of.filter(each => bytes.includes(each)).length;

  it('leaves nothing that the old one opens in the files of the tables', async () => {
    const before = await wraps();
    const { masterKeyFile: file } = next;
    expect(await command(old, '--new', file ?? '')).toMatchObject({
      code: 0,
      said: expect.stringContaining('Backups that are made until then hold each of the two keys')
    });
    const { masterKey, isRotating } = await makeBackup(
      join(folder.path, `backup-${runs}`),
      scratch.place,
      old.stateFolder,
      now()
    );
    expect([masterKey, isRotating]).toEqual([(await readMasterKeyFile(file ?? '')).id, true]);
    const handover = await database.read.selectFrom('master_key_handover').select('sealed').execute();
    const gone = [...before, ...handover.map(({ sealed }) => Buffer.from(sealed))];
    // How many depends on what PostgreSQL tidied up by itself when it read the pages; the handover is there in any case.
    expect(found(await files(), gone)).toBeGreaterThan(0);
    const { code, said } = await command(next, '--finish');
    expect([code, said]).toEqual([0, expect.stringContaining('Nothing that another one opens is left')]);
    const bytes = await files();
    expect(found(bytes, gone)).toBe(0);
    const after = await wraps();
    expect(found(bytes, after)).toBe(after.length);
    if (kind === 'postgres') {
      const { rows } = await sql<{
        samples: string;
      }>`select concat(most_common_vals, histogram_bounds) as samples
        from pg_stats where tablename in (${sql.join([...TABLES])})`.execute(database.write);
      const samples = rows.map(row => row.samples).join('');
      expect(gone.filter(each => samples.includes(each.toString('hex')))).toEqual([]);
    }
  });

  it('says so where somebody still sees the old rows, and is tried again', async () => {
    await command(old, '--new', next.masterKeyFile ?? '');
    await database.read.transaction().execute(async reading => {
      if (kind === 'postgres') {
        await sql`set transaction isolation level repeatable read`.execute(reading);
      }
      await reading.selectFrom('hub').selectAll().execute();
      const { code, said } = await command(next, '--finish');
      expect([code, said]).toEqual([
        2,
        expect.stringMatching(/stays in the database's own files for now .*--finish again later/)
      ]);
    });
    const { code, said } = await command(next, '--finish');
    expect([code, said]).toEqual([0, expect.stringContaining('There is nothing to finish')]);
    expect(said).toContain('Nothing that another one opens is left');
  });
});
