import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { DatabaseKind, DatabasePlace } from '../../src/store/database.js';

/** Where PostgreSQL is in tests. */
const SERVER = process.env['LABKEEPER_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432';

/** A database of a test's own, gone afterwards. */
export interface IScratchDatabase {
  readonly place: DatabasePlace;
  remove(): Promise<void>;
}

/** A folder of a test's own. */
export function scratchFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'labkeeper-hub-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** An empty database of this kind. */
export async function scratchDatabase(kind: DatabaseKind): Promise<IScratchDatabase> {
  if (kind === 'sqlite') {
    const folder = scratchFolder();
    return {
      place: { kind, file: join(folder.path, 'log.sqlite') },
      remove: () => Promise.resolve(folder.remove())
    };
  }
  const name = `labkeeper_test_${randomUUID().replaceAll('-', '')}`;
  await onServer(`create database ${name}`);
  return {
    place: { kind, url: `${SERVER}/${name}` },
    remove: () => onServer(`drop database if exists ${name} with (force)`)
  };
}

/** A copy of one in PostgreSQL, which nobody may be connected to. */
export async function scratchCopy(of: DatabasePlace): Promise<IScratchDatabase> {
  if (of.kind === 'sqlite') {
    throw new Error('Only databases in PostgreSQL are copied.');
  }
  const name = `labkeeper_test_${randomUUID().replaceAll('-', '')}`;
  await onServer(`create database ${name} template ${new URL(of.url).pathname.slice(1)}`);
  return {
    place: { kind: 'postgres', url: `${SERVER}/${name}` },
    remove: () => onServer(`drop database if exists ${name} with (force)`)
  };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${SERVER}/postgres` });
  try {
    await client.connect();
  } catch (error) {
    throw new Error(
      `No PostgreSQL lets us in at ${SERVER}: start one, or name another in LABKEEPER_TEST_POSTGRES.`,
      { cause: error }
    );
  }
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
