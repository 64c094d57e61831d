import { reasonOf } from '../failure.js';
import { refuseMissing } from '../missing-storage.js';
import { readStorage } from '../settings.js';
import { hasTable, openExisting } from '../store/open-existing.js';
import { refuseOtherKey } from './refuse-other-key.js';
import { rotateSigningKey } from './rotate-key.js';
import { keepsServiceKeys, keyPlaceOf, openExistingKeys } from './service-keys.js';
import { openKeyPlaces } from './unlock-database.js';

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
    const storage = readStorage(variables);
    const { stateFolder, database: place } = storage;
    refuseMissing(storage);
    const places = await openKeyPlaces(storage);
    const database = await openExisting(place);
    try {
      if (!(await hasTable(database, 'key_rotation'))) {
        throw new Error(
          'This database is that of an older version: start the service of this version once, and try again.'
        );
      }
      const keys = await openExistingKeys(database, places);
      await refuseOtherKey(database, keys, stateFolder);
      const kept = await keyPlaceOf(database, places);
      const { before, now, fingerprint } = await rotateSigningKey(database, kept, keys, nowMs());
      say(
        `The key ${now} signs from the service's next start on: restart it. ${before} named it as the next.`
      );
      say(`Fingerprint to be pinned from now on: ${fingerprint}`);
      say(
        keepsServiceKeys(database, places)
          ? 'Both keys lie in the database, sealed with the master key: back it up again.'
          : `Back up ${stateFolder} again; the old key is kept there.`
      );
    } finally {
      await database.close();
    }
    return 0;
  } catch (error) {
    complain(`labkeeper rotate-key: ${reasonOf(error)}`);
    return 2;
  }
}
