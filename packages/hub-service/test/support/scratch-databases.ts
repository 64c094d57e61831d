import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseKind, DatabasePlace } from '../../src/store/database.js';
import { dropped, markedAsRemoved, onServer, SERVER } from './test-server.js';

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
  return inPostgres('template1');
}

/** A copy of one in PostgreSQL, which nobody may be connected to. */
export async function scratchCopy(of: DatabasePlace): Promise<IScratchDatabase> {
  if (of.kind === 'sqlite') {
    throw new Error('Only databases in PostgreSQL are copied.');
  }
  return inPostgres(new URL(of.url).pathname.slice(1));
}

/** @param template - the name of a database, which nobody may be connected to. */
async function inPostgres(template: string): Promise<IScratchDatabase> {
  const run = process.env['LABKEEPER_TEST_RUN'];
  const name = `${run ?? 'labkeeper_test'}_${randomUUID().slice(-12)}`;
  await onServer(client => client.query(`create database ${name} template ${template}`));
  return {
    place: { kind: 'postgres', url: `${SERVER}/${name}` },
    remove: async () => {
      await onServer(client => client.query(run ? markedAsRemoved(name) : dropped(name)));
    }
  };
}
