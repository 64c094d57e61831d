import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDatabase, type DatabaseKind } from '../../src/store/database.js';
import { scratchCopy, scratchDatabase, type IScratchDatabase } from './scratch-databases.js';
import { onServer, SERVER } from './test-server.js';

const ignore = (): void => undefined;

/**
 * A database with the newest schema and nothing in it, for tests of what comes after that: a copy of one that each run of the
 * tests migrates once. What tests a start on an empty database, or migrations themselves, takes a `scratchDatabase`.
 *
 * @param isDurable - each commit waits for the disk, as it does in PostgreSQL unless it is told not to: for tests of kills.
 */
export async function migratedDatabase(kind: DatabaseKind, isDurable = false): Promise<IScratchDatabase> {
  const run = process.env['LABKEEPER_TEST_RUN'];
  if (run === undefined) {
    const scratch = await scratchDatabase(kind);
    await migrateDatabase(scratch.place, ignore);
    return scratch;
  }
  if (kind === 'postgres') {
    const copy = await scratchCopy({ kind, url: `${SERVER}/${await templateIn(run)}` });
    if (!isDurable) {
      await onServer(client => client.query(`alter database ${nameOf(copy)} set synchronous_commit = off`));
    }
    return copy;
  }
  const scratch = await scratchDatabase(kind);
  if (scratch.place.kind === 'sqlite') {
    copyFileSync(await fileOf(run), scratch.place.file);
  }
  return scratch;
}

function nameOf({ place }: IScratchDatabase): string {
  return place.kind === 'postgres' ? new URL(place.url).pathname.slice(1) : place.file;
}

/** @returns the name of this run's migrated database. */
async function templateIn(run: string): Promise<string> {
  const name = `${run}_template`;
  await onServer(async client => {
    // Until the end of this connection: processes of this run ask at once, and one of them makes it.
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const { rows } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rows.length > 0) {
      return;
    }
    // Its name comes last: one that was interrupted is none.
    const making = `${name}_${randomUUID().slice(-12)}`;
    await client.query(`create database ${making}`);
    await migrateDatabase({ kind: 'postgres', url: `${SERVER}/${making}` }, ignore);
    await client.query(`alter database ${making} rename to ${name}`);
  });
  return name;
}

/** @returns the path of this run's migrated file. */
async function fileOf(run: string): Promise<string> {
  const folder = join(tmpdir(), run);
  const file = join(folder, 'migrated.sqlite');
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const making = join(folder, `${randomUUID()}.sqlite`);
    await migrateDatabase({ kind: 'sqlite', file: making }, ignore);
    // Two processes at once make two, which are the same.
    renameSync(making, file);
  }
  return file;
}
