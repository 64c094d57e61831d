import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { ITables } from './tables.js';

/** Some of the hubs. What is at none of the further ones is at the first, under whatever name. */
export interface IHeldHubs {
  readonly isFirst: boolean;
  readonly further: readonly string[];
  /** These are all that there are. */
  readonly isAll: boolean;
}

/** What nobody may delete, by the holds that are on. */
export interface IHeld {
  readonly persons: readonly number[];
  /** Hubs at which everybody is held: who belongs to a case is not known here. */
  readonly everybodyAt: IHeldHubs;
  /** Hubs at which anybody is; the first is among them while anybody is anywhere: looks from the command line, at all hubs, stand there. */
  readonly somebodyAt: IHeldHubs;
}

/** What is held now. */
export async function heldNow(db: Kysely<ITables>): Promise<IHeld> {
  const holds = await db
    .selectFrom('legal_act as a')
    .leftJoin('further_hub', 'further_hub.name', 'a.hub')
    .select(['a.person_id', 'further_hub.name as further'])
    .distinct()
    .where('a.kind', '=', 'hold')
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('legal_act as l').select('l.id').whereRef('l.lifts', '=', 'a.id')))
    )
    .execute();
  const known = await db.selectFrom('further_hub').select('name').execute();
  const hubsOf = (some: readonly { readonly further: string | null }[]): IHeldHubs => {
    const names = new Set(some.map(({ further }) => further));
    return {
      isFirst: names.has(null),
      further: [...names].filter(name => name !== null),
      isAll: names.size === known.length + 1
    };
  };
  return {
    persons: holds.flatMap(({ person_id }) => (person_id === null ? [] : [person_id])),
    everybodyAt: hubsOf(holds.filter(({ person_id }) => person_id === null)),
    somebodyAt: hubsOf(holds.length > 0 ? [...holds, { further: null }] : [])
  };
}

/** Whether the hub that a column names is none of these. */
export function isElsewhere(column: 'hub.name' | 'look.hub', hubs: IHeldHubs): RawBuilder<boolean> {
  const name = sql.ref(column);
  const first = hubs.isFirst
    ? sql`${name} in (select further_hub.name from further_hub)`
    : sql`${name} is not null`;
  return hubs.further.length === 0
    ? sql<boolean>`(${first})`
    : sql<boolean>`(${first} and ${name} not in (${sql.join(hubs.further)}))`;
}

/**
 * Whether a hold that is on holds a person, in one look.
 *
 * @param person - SQL of her number.
 */
export function isPersonHeld(person: RawBuilder<number>): RawBuilder<boolean> {
  return sql<boolean>`exists (
    select 1 from legal_act h left join further_hub f on f.name = h.hub
    where h.kind = 'hold' and not exists (select 1 from legal_act l where l.lifts = h.id)
      and (h.person_id = ${person} or (h.person_id is null and coalesce(f.name, '') = coalesce((
        select further_hub.name from person join hub on hub.id = person.hub_id
          join further_hub on further_hub.name = hub.name where person.id = ${person}), ''))))`;
}
