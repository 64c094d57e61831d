import { mkdir, open, readdir } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import { currentMasterId } from '../keys/keyring.js';
import { isRotating } from '../keys/rotate-master-key.js';
import type { DatabasePlace } from '../store/database.js';
import { hasTable, openExisting } from '../store/open-existing.js';
import { backupFiles } from './backup-files.js';
import { erasureListPath, keepErasures } from './erasure-list.js';
import { runProgram } from './run-program.js';

/**
 * Writes a consistent copy of the log beside a running service: by SQLite's online backup, or by pg_dump, which is
 * PostgreSQL's own consistent snapshot. Persons' keys go to a file of their own, sealed as they are, and are in no other.
 *
 * @returns which master key opens it; null = none ever sealed anything. `isRotating`: another one opens it too, because a change
 * of the master key is not finished.
 * @throws when the folder is not empty, or anything fails: what is there then is no backup, since `backup.json` comes last.
 */
export async function makeBackup(
  folder: string,
  place: DatabasePlace,
  stateFolder: string,
  nowMs: number
): Promise<{ readonly masterKey: string | null; readonly isRotating: boolean }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0) {
    throw new Error(`${folder} is not empty: a backup goes into a folder of its own.`);
  }
  const files = backupFiles(folder);
  const database = await openExisting(place);
  try {
    await keepErasures(database, erasureListPath(stateFolder));
    const isSealed = await hasTable(database, 'master_key');
    const masterKey = isSealed ? await currentMasterId(database.read) : null;
    const isOpenTwice = isSealed && (await isRotating(database));
    await (place.kind === 'sqlite'
      ? copySqlite(place.file, files.sqlite)
      : runProgram(
          'pg_dump',
          ['--format=custom', '--exclude-table-data=person_key', '--no-owner', `--file=${files.postgres}`],
          place.url
        ));
    // After the copy: whoever is erased meanwhile has no key here.
    const keys = await database.read
      .selectFrom('person_key')
      .innerJoin('person', 'person.id', 'person_key.person_id')
      .select(['person.uuid as person', 'person_key.key'])
      .$if(isSealed, query => query.select('person_key.master_id'))
      .execute();
    if (isSealed && (await currentMasterId(database.read)) !== masterKey) {
      throw new Error('Another master key took its place while this backup was made: make another backup.');
    }
    const lines = keys.map(({ person, key, master_id: master }) =>
      JSON.stringify({ person, key: Buffer.from(key).toString('base64'), ...(master ? { master } : {}) })
    );
    await writeNew(files.keys, lines.map(line => `${line}\n`).join(''));
    const { id: log } = await database.read.selectFrom('log').select('id').executeTakeFirstOrThrow();
    const head = { labkeeperBackup: 1, kind: place.kind, log, madeAtMs: nowMs, masterKey };
    await writeNew(files.head, `${JSON.stringify(head)}\n`);
    return { masterKey, isRotating: isOpenTwice };
  } finally {
    await database.close();
  }
}

async function copySqlite(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    await backup(source, to);
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(to);
  try {
    // Vacuumed, so that no page that was freed has a key in it.
    copy.exec('pragma journal_mode = delete; pragma secure_delete = on; delete from person_key; vacuum;');
  } finally {
    copy.close();
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
