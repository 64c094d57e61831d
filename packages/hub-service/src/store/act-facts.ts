import type { Act } from '@labkeeper/protocol';
import type { Kysely } from 'kysely';
import type { ITables } from './tables.js';

/** Who did an act of the service, to whom and why: the log's line itself holds no name. */
export interface IActFacts {
  /** Whoever did it; null = no person, or her name was erased. */
  readonly by: string | null;
  /** Whom it is about; null = it is about nobody by name, or her name was erased. */
  readonly subject: string | null;
  /** null = none is kept with this act. */
  readonly reason: string | null;
}

/** What of these is kept from somebody: all, or the reason alone. */
export type ActWithheld = 'all' | 'reason';

/** Looks up what an act does not say itself. */
export async function actFacts(
  db: Kysely<ITables>,
  { number, actor, subject }: Pick<Act, 'number' | 'actor' | 'subject'>
): Promise<IActFacts> {
  const wanted = [actor, subject].filter(uuid => uuid !== null);
  const persons =
    wanted.length === 0
      ? []
      : await db.selectFrom('person').select(['uuid', 'name']).where('uuid', 'in', wanted).execute();
  const nameOf = (uuid: string | null): string | null =>
    persons.find(person => person.uuid === uuid)?.name ?? null;
  const legal =
    number === null
      ? undefined
      : await db
          .selectFrom('legal_act')
          .select(['reader', 'reason'])
          .where('id', '=', number)
          .executeTakeFirst();
  return {
    // A program's name stands with the act alone; a person's is hers, and goes when she is erased.
    by: actor === null ? (legal?.reader ?? null) : nameOf(actor),
    subject: nameOf(subject),
    reason: legal?.reason ?? null
  };
}
