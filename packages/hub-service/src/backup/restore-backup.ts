import { constants, existsSync } from 'node:fs';
import { copyFile, readFile, rename, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import type { IVerifyReport } from '@labkeeper/core';
import { parseShape } from '@labkeeper/protocol';
import pg from 'pg';
import { firstHubName } from '../hubs/first-hub.js';
import { openServiceKeys } from '../keys/service-keys.js';
import type { IKeyPlaces } from '../keys/unlock-database.js';
import { openDatabase, type DatabasePlace, type IDatabase } from '../store/database.js';
import { ownActs } from '../store/own-acts-of.js';
import { SqlLegal } from '../store/sql-legal.js';
import type { IHolderFiles } from '../verify/read-statements.js';
import { BackupHead, backupFiles } from './backup-files.js';
import { erasureListPath, keepErasures, readErasures } from './erasure-list.js';
import { putPersonKeys } from './put-person-keys.js';
import { runProgram } from './run-program.js';
import { verifyStored } from './verify-stored.js';

/** What is restored, and where to. */
export interface IRestore {
  readonly folder: string;
  /** The file with persons' keys; null = it lies in the folder. Without it nobody's personal parts can be read. */
  readonly keysFile: string | null;
  readonly place: DatabasePlace;
  readonly stateFolder: string;
  readonly places: IKeyPlaces;
  /** What the settings call the first hub, at which the service's own acts are; null = nothing, the log knows. */
  readonly hubId: string | null;
  readonly holders: IHolderFiles;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** What came of it. */
export interface IRestored {
  readonly report: IVerifyReport;
  /** Persons whose erasure was done again. */
  readonly erased: number;
}

/**
 * Puts a backup back, does the erasures again that came after it, and verifies all of it.
 *
 * @throws when there is a log already, or what was restored is not in order: then SQLite's file is not put in its place.
 */
export async function restoreBackup(restore: IRestore): Promise<IRestored> {
  const { folder, place, stateFolder } = restore;
  const files = backupFiles(folder);
  const head = parseShape(BackupHead, await readFile(files.head, 'utf8'));
  if (!head || head.kind !== place.kind) {
    throw new Error(
      `${folder} holds no backup of a log in ${place.kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'}.`
    );
  }
  refuseOtherMaster(head.masterKey, restore.places, folder);
  const aside: DatabasePlace =
    place.kind === 'sqlite' ? { kind: 'sqlite', file: `${place.file}.restoring` } : place;
  await (place.kind === 'sqlite'
    ? putSqlite(files.sqlite, place.file)
    : putPostgres(files.postgres, place.url));
  const database = await openDatabase(aside, () => undefined);
  let restored: IRestored;
  try {
    const hubId = await firstHubName(database, restore.hubId);
    const keys = await openServiceKeys(database, restore.places, restore.nowMs(), () => undefined);
    await putPersonKeys(database, restore.keysFile ?? files.keys);
    const list = (await readErasures(erasureListPath(stateFolder))).filter(({ log }) => log === head.log);
    const erased = await eraseAgain(database, new Set(list.map(({ person }) => person)), restore.nowMs);
    await keepErasures(database, erasureListPath(stateFolder));
    // What was put down and not yet in the log when the backup was made: without its act a deletion would be a gap.
    await ownActs(database, keys, hubId, restore.nowMs).flush();
    const report = await verifyStored(database, keys, restore.holders, restore.nowMs());
    if (report.findings.count > 0) {
      const [first] = report.findings.first;
      throw new Error(`What was restored is not in order: ${first?.what ?? ''}`);
    }
    restored = { report, erased };
  } catch (error) {
    await database.close();
    if (aside.kind === 'sqlite') {
      await Promise.all(['', '-wal', '-shm'].map(end => rm(`${aside.file}${end}`, { force: true })));
    }
    throw error;
  }
  await database.close();
  if (aside.kind === 'sqlite' && place.kind === 'sqlite') {
    settle(aside.file);
    await rename(aside.file, place.file);
  }
  return restored;
}

/** Everything into the one file: beside it nothing may be left that belongs to its old name. */
function settle(file: string): void {
  const connection = new DatabaseSync(file);
  try {
    connection.exec('pragma wal_checkpoint(truncate); pragma journal_mode = delete;');
  } finally {
    connection.close();
  }
}

async function putSqlite(from: string, to: string): Promise<void> {
  if (existsSync(to)) {
    throw new Error(`${to} is there already: nothing is restored over a log. Move it away first.`);
  }
  await copyFile(from, `${to}.restoring`, constants.COPYFILE_EXCL);
}

async function putPostgres(from: string, url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: string }>(
      "select count(*) as n from information_schema.tables where table_schema = 'public'"
    );
    if (Number(rows[0]?.n) > 0) {
      throw new Error('The database has tables already: nothing is restored over a log. Name an empty one.');
    }
  } finally {
    await client.end();
  }
  const { pathname } = new URL(url);
  const database = decodeURIComponent(pathname.slice(1));
  await runProgram('pg_restore', ['--no-owner', '--exit-on-error', `--dbname=${database}`, from], url);
}

/** Before anything is written. @throws Error with one sentence. */
function refuseOtherMaster(wanted: string | null, { own, where }: IKeyPlaces, folder: string): void {
  if (wanted !== null && own?.id !== wanted) {
    throw new Error(
      `The backup in ${folder} needs the master key ${wanted}, and ${own ? `${where} is ${own.id}` : `${where} is not there`}: put that key there, or name its file in LABKEEPER_MASTER_KEY_FILE; nothing was restored.`
    );
  }
}

/** Holds do not stop it: what was erased once stays so. */
async function eraseAgain(
  database: IDatabase,
  persons: ReadonlySet<string>,
  nowMs: () => number
): Promise<number> {
  const legal = new SqlLegal(database, nowMs);
  let erased = 0;
  for (const person of persons) {
    erased += (await legal.eraseAgain(person)) ? 1 : 0;
  }
  return erased;
}
