import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { makeBackup } from '../src/backup/make-backup.js';
import { exportCommand } from '../src/export/cli.js';
import { openKeys, registerSigningKey } from '../src/keys/keys.js';
import {
  migrateDatabase,
  openAsItIs,
  openDatabase,
  type DatabaseKind,
  type DatabasePlace
} from '../src/store/database.js';
import { scratchDatabase, scratchFolder } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const ID = '9b7b2a3e-0000-4000-8000-000000000009';

async function shapeOf(place: DatabasePlace): Promise<string[]> {
  const { read, close } = openAsItIs(place, 0, () => undefined);
  const tables = await read.introspection.getTables({ withInternalKyselyTables: true });
  const done = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(read);
  await close();
  return [...tables.map(({ name }) => name).sort(), ...done.rows.map(({ name }) => name)];
}

describe.each<DatabaseKind>(['sqlite', 'postgres'])('a log in %s of another version', kind => {
  const folder = scratchFolder();
  const state = join(folder.path, 'state');
  afterAll(() => folder.remove());

  it('that is older is backed up and exported, and stays as its service knows it', async () => {
    const scratch = await scratchDatabase(kind);
    await migrateDatabase(scratch.place, () => undefined, '2026-11-27-first-schema');
    const database = openAsItIs(scratch.place, 0, () => undefined);
    await database.write.insertInto('log').values({ one: 1, id: ID, created_at_ms: 0 }).execute();
    await registerSigningKey(database, await openKeys(state), 0);
    await database.close();
    const shape = await shapeOf(scratch.place);
    await makeBackup(join(folder.path, 'backup'), scratch.place, state, 0);
    expect(readFileSync(join(folder.path, 'backup/backup.json'), 'utf8')).toContain(ID);
    const complaints: string[] = [];
    const out = join(folder.path, 'export.jsonl');
    const code = await exportCommand({
      words: ['--out', out],
      variables: {
        LABKEEPER_STATE: state,
        LABKEEPER_DATABASE:
          scratch.place.kind === 'sqlite' ? `sqlite:${scratch.place.file}` : scratch.place.url
      },
      nowMs: () => Date.now(),
      say: () => undefined,
      complain: line => complaints.push(line)
    });
    expect([code, complaints]).toEqual([0, []]);
    expect(await shapeOf(scratch.place)).toEqual(shape);
    await scratch.remove();
  });

  it('that is newer is refused by one sentence', async () => {
    const scratch = await scratchDatabase(kind);
    const newer = await openDatabase(scratch.place, () => undefined);
    await sql`insert into kysely_migration (name, timestamp) values ('2099-01-01-later', '')`.execute(
      newer.write
    );
    await expect(makeBackup(join(folder.path, 'newer'), scratch.place, state, 0)).rejects.toThrow(
      /^The database is that of a newer version of Labkeeper/
    );
    await newer.close();
    await scratch.remove();
  });
});
