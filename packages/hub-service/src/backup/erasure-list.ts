import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseShape, Uuid } from '@labkeeper/protocol';
import * as v from 'valibot';
import { codeOf } from '../failure.js';
import type { IDatabase } from '../store/database.js';
import { hasTable } from '../store/open-existing.js';

/** That somebody was erased: nothing in it names her. */
const Erasure = v.strictObject({ log: Uuid, person: Uuid, atMs: v.pipe(v.number(), v.integer()) });
export type Erasure = v.InferOutput<typeof Erasure>;

/** Where the list is: in the state folder, so that it is apart from the database and its backups. */
export function erasureListPath(stateFolder: string): string {
  return join(stateFolder, 'erasures.jsonl');
}

/** @throws when it is there and cannot be read. */
export async function readErasures(path: string): Promise<readonly Erasure[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return [];
    }
    throw error;
  }
  return (
    text
      .split('\n')
      // What stands after the last newline was being written when the machine stopped: the next start writes it again.
      .slice(0, -1)
      .filter(line => line !== '')
      .map((line, i) => {
        const erasure = parseShape(Erasure, line);
        if (!erasure) {
          throw new Error(`${path}, line ${i + 1}: this is no line of the list of erasures.`);
        }
        return erasure;
      })
  );
}

/** Adds the erasures of the database that the list does not have. Durable when it resolves; twice is once. */
export async function keepErasures(database: IDatabase, path: string): Promise<void> {
  if (!(await hasTable(database, 'legal_act'))) {
    return;
  }
  const known = new Set((await readErasures(path)).map(({ person }) => person));
  const { id: log } = await database.read.selectFrom('log').select('id').executeTakeFirstOrThrow();
  const rows = await database.read
    .selectFrom('legal_act')
    .innerJoin('person', 'person.id', 'legal_act.person_id')
    .select(['person.uuid as person', 'legal_act.at_ms as atMs'])
    .where('legal_act.kind', '=', 'erase')
    .orderBy('legal_act.id')
    .execute();
  const missing = rows.filter(({ person }) => !known.has(person));
  if (missing.length === 0) {
    return;
  }
  const file = await open(path, 'a+', 0o600);
  try {
    const bytes = await file.readFile();
    await file.truncate(bytes.lastIndexOf(10) + 1);
    await file.writeFile(
      missing.map(({ person, atMs }) => `${JSON.stringify({ log, person, atMs })}\n`).join('')
    );
    await file.sync();
  } finally {
    await file.close();
  }
}
