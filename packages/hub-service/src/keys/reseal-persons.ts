import { sql } from 'kysely';
import type { IDatabase } from '../store/database.js';
import { resealRows } from '../store/person-keys.js';
import { currentMasterId, type Keyring } from './keyring.js';

/** Keys of one transaction: whoever appends waits for no more. */
const AT_A_TIME = 500;

/**
 * Seals every person's key that is plain, or sealed by another master key than the one in use. The log goes on beside it;
 * killed anywhere in between, it goes on by doing it again.
 *
 * @returns how many were plain, and how many another master key had sealed.
 */
export async function resealPersons(
  database: IDatabase,
  keyring: Keyring
): Promise<{ readonly plain: number; readonly other: number }> {
  const current = await currentMasterId(database.write);
  if (database.kind === 'sqlite') {
    // What is overwritten would stay in the file's free places.
    await sql`pragma secure_delete = on`.execute(database.write);
  }
  const done = { plain: 0, other: 0 };
  for (let after = 0; ;) {
    const rows = await database.write
      .selectFrom('person_key')
      .innerJoin('person', 'person.id', 'person_key.person_id')
      .select(['person_key.person_id', 'person.uuid as person', 'person_key.key', 'person_key.master_id'])
      .where(eb => eb.or([eb('person_key.master_id', 'is', null), eb('person_key.master_id', '!=', current)]))
      .where('person_key.person_id', '>', after)
      .orderBy('person_key.person_id')
      .limit(AT_A_TIME)
      .execute();
    const last = rows.at(-1);
    if (!last) {
      return done;
    }
    await database.write.transaction().execute(db => resealRows(db, keyring, rows));
    done.plain += rows.filter(({ master_id }) => master_id === null).length;
    done.other += rows.filter(({ master_id }) => master_id !== null).length;
    after = last.person_id;
  }
}
