import { readFile } from 'node:fs/promises';
import { parseShape } from '@labkeeper/protocol';
import type { Keyring } from '../keys/keyring.js';
import { resealPersons } from '../keys/reseal-persons.js';
import type { IDatabase } from '../store/database.js';
import { openStored, type IStoredKey } from '../store/person-keys.js';
import { PERSON_KEY_BYTES } from '../store/personal-cipher.js';
import { PersonKeyLine } from './backup-files.js';

/**
 * Gives persons their keys back who were not erased. Plain ones, of a backup of before, are sealed.
 *
 * @param path - of the file with keys. @throws Error with one sentence, when one cannot be opened.
 */
export async function putPersonKeys(database: IDatabase, path: string): Promise<void> {
  const keyring = database.personKeys.masterKeys;
  const persons = await database.read.selectFrom('person').select(['id', 'uuid', 'name']).execute();
  const byUuid = new Map(persons.map(person => [person.uuid, person]));
  for (const text of (await readFile(path, 'utf8')).split('\n').filter(line => line !== '')) {
    const line = parseShape(PersonKeyLine, text);
    if (!line) {
      throw new Error(`${path} is no file with keys of persons.`);
    }
    const person = byUuid.get(line.person);
    if (person && person.name !== null) {
      const key = Buffer.from(line.key, 'base64');
      const row = { person_id: person.id, key, master_id: line.master ?? null };
      await refuseUnreadable(database, keyring, { ...row, person: line.person }, path);
      await database.write
        .insertInto('person_key')
        .values(row)
        .onConflict(conflict => conflict.doNothing())
        .execute();
    }
  }
  // Of a backup of before.
  await resealPersons(database, keyring);
}

async function refuseUnreadable(
  database: IDatabase,
  keyring: Keyring,
  row: IStoredKey,
  path: string
): Promise<void> {
  const bytes = await openStored(database.write, keyring, row).catch(() => null);
  if (bytes?.length !== PERSON_KEY_BYTES) {
    throw new Error(
      `${path}: the key of the person ${row.person} cannot be opened: it was altered, or another master key sealed it.`
    );
  }
}
