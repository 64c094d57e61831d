import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { ITables } from './tables.js';

/** Somebody whom the log has a number for. */
export interface IKnownPerson {
  readonly id: number;
  readonly uuid: string;
}

/** undefined = nobody of that name is known at that hub. */
export function knownPerson(
  db: Kysely<ITables>,
  hub: string,
  name: string
): Promise<IKnownPerson | undefined> {
  return db
    .selectFrom('person')
    .innerJoin('hub', 'hub.id', 'person.hub_id')
    .select(['person.id', 'person.uuid'])
    .where('hub.name', '=', hub)
    .where('person.name', '=', name)
    .executeTakeFirst();
}

/** The same, made where it is not there: the log's lines never hold a name. Inside a transaction. A key comes with the first record. */
export async function personOf(db: Kysely<ITables>, hub: string, name: string): Promise<IKnownPerson> {
  const before = await knownPerson(db, hub, name);
  if (before) {
    return before;
  }
  await db
    .insertInto('hub')
    .values({ name: hub })
    .onConflict(conflict => conflict.doNothing())
    .execute();
  const { id: hubId } = await db
    .selectFrom('hub')
    .select('id')
    .where('name', '=', hub)
    .executeTakeFirstOrThrow();
  await db
    .insertInto('person')
    .values({ uuid: randomUUID(), hub_id: hubId, name, created_at_ms: Date.now() })
    .onConflict(conflict => conflict.doNothing())
    .execute();
  return db
    .selectFrom('person')
    .select(['id', 'uuid'])
    .where('hub_id', '=', hubId)
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
}
