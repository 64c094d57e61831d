import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dropped, IS_REMOVED, onServer } from './test-server.ts';

/** Older than this, a run was killed, ms: what it left is nobody's. */
const LEFT_MS = 6 * 3_600_000;
const MADE_BY_A_RUN = /^labkeeper_test_(\d{10})_/;

/** A name that begins the names of all that one run of the tests makes: its databases, and its folder beside other temporary ones. */
export function newRun(nowMs: number): string {
  return `labkeeper_test_${Math.floor(nowMs / 1000)}_${randomBytes(4).toString('hex')}`;
}

/** Removes what runs left that were killed. */
export async function removeLeftRuns(nowMs: number): Promise<void> {
  const isLeft = (name: string): boolean => {
    const [, seconds] = MADE_BY_A_RUN.exec(name) ?? [];
    return seconds !== undefined && Number(seconds) * 1000 < nowMs - LEFT_MS;
  };
  removeFolders(isLeft);
  await removeDatabases(isLeft);
}

/** Drops the databases of this run that its tests have removed. */
export async function sweepRun(run: string): Promise<void> {
  await removeDatabases(name => name.startsWith(run), IS_REMOVED);
}

/** Removes what this run made, also what a test that failed has left. */
export async function removeRun(run: string): Promise<void> {
  const isOurs = (name: string): boolean => name.startsWith(run);
  removeFolders(isOurs);
  await removeDatabases(isOurs);
}

function removeFolders(isGone: (name: string) => boolean): void {
  for (const name of readdirSync(tmpdir()).filter(isGone)) {
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

async function removeDatabases(isGone: (name: string) => boolean, which = 'true'): Promise<void> {
  await onServer(async client => {
    const { rows } = await client.query<{ name: string }>(
      `select datname as name from pg_database where ${which}`
    );
    for (const { name } of rows.filter(row => isGone(row.name))) {
      await client.query(dropped(name)).catch(() => {
        // Another connection has just dropped it; else the next run tries again.
      });
    }
  });
}
