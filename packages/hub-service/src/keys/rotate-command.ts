import { existsSync } from 'node:fs';
import { reasonOf } from '../failure.js';
import { readStorage } from '../settings.js';
import { hasTable, openExisting } from '../store/open-existing.js';
import { rotateSigningKey } from './rotate-key.js';

export interface IRotateCommand {
  readonly words: readonly string[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly nowMs: () => number;
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** `labkeeper rotate-key`. @returns the exit code. */
export async function rotateCommand({
  words,
  variables,
  nowMs,
  say,
  complain
}: IRotateCommand): Promise<number> {
  try {
    if (words.length > 0) {
      throw new Error('usage: labkeeper rotate-key');
    }
    const { stateFolder, database: place } = readStorage(variables);
    const missing = [stateFolder, ...(place.kind === 'sqlite' ? [place.file] : [])].find(
      path => !existsSync(path)
    );
    if (missing !== undefined) {
      throw new Error(`There is no log here: ${missing} does not exist.`);
    }
    const database = await openExisting(place);
    try {
      if (!(await hasTable(database, 'key_rotation'))) {
        throw new Error(
          'This database is that of an older version: start the service of this version once, and try again.'
        );
      }
      const { before, now, fingerprint } = await rotateSigningKey(database, stateFolder, nowMs());
      say(
        `The key ${now} signs from the service's next start on: restart it. ${before} named it as the next.`
      );
      say(`Fingerprint to be pinned from now on: ${fingerprint}`);
      say(`Back up ${stateFolder} again; the old key is kept there.`);
    } finally {
      await database.close();
    }
    return 0;
  } catch (error) {
    complain(`labkeeper rotate-key: ${reasonOf(error)}`);
    return 2;
  }
}
