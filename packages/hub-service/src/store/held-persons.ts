import type { Kysely } from 'kysely';
import type { ITables } from './tables.js';

/**
 * Whose records nobody may delete, by the holds that are on.
 *
 * @returns null = everybody's: who belongs to a case is not known here.
 */
export async function heldPersons(db: Kysely<ITables>): Promise<readonly number[] | null> {
  const rows = await db
    .selectFrom('legal_act as a')
    .select('a.person_id')
    .distinct()
    .where('a.kind', '=', 'hold')
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('legal_act as l').select('l.id').whereRef('l.lifts', '=', 'a.id')))
    )
    .execute();
  const persons = rows.flatMap(({ person_id }) => (person_id === null ? [] : [person_id]));
  return persons.length === rows.length ? persons : null;
}
