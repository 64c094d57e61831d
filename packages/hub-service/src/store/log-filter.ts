import { sql, type Kysely, type RawBuilder, type SelectQueryBuilder } from 'kysely';
import { streamsOfRequests } from './request-streams.js';
import type { ILogFilter } from './log-reader.js';
import { imageHas, streamsOf } from './stream-images.js';
import { termMatches, termsWith } from './package-terms.js';
import type { IRecordTable, ITables } from './tables.js';

/** The number of the hub that spoke first. Records of the others have an index of their own. */
export const FIRST_HUB = 1;

/**
 * Of more values than these PostgreSQL is not to think about each: for every month it would compare all of them with what is
 * often there, 100 ms for ten thousand. It puts them into a table of hashes instead, which "is true" keeps it from joining.
 */
const FEW = 200;

/** The numbers of those that a filter names; a member that is left out is not asked for. */
export interface IFilterIds {
  readonly hubs?: readonly number[];
  readonly persons?: readonly number[];
  readonly servers?: readonly number[];
  readonly groupSets?: readonly number[];
  /** Of the image; null = too many to name them. */
  readonly streams?: readonly number[] | null;
  /** Streams of the requests whose number the text is; without it the text is none. */
  readonly requests?: readonly number[];
  /** Names of packages that the text is part of; null = too many to name them. */
  readonly packages?: readonly string[] | null;
}

/**
 * Looks up who is meant, so that the search itself runs over numbers.
 *
 * @returns null = nobody of that name is known: nothing can be found.
 */
export async function filterIds(db: Kysely<ITables>, filter: ILogFilter): Promise<IFilterIds | null> {
  const { hub, user, server, group, image, text } = filter;
  const ids: { -readonly [K in keyof IFilterIds]: IFilterIds[K] } = {};
  if (hub !== undefined) {
    ids.hubs = idsOf(await db.selectFrom('hub').select('id').where('name', '=', hub).execute());
  }
  if (user !== undefined) {
    const persons = db.selectFrom('person').select('id').where('name', '=', user);
    ids.persons = idsOf(await (ids.hubs ? persons.where('hub_id', 'in', some(ids.hubs)) : persons).execute());
  }
  if (server !== undefined) {
    let servers = db.selectFrom('server').select('id').where('name', '=', server);
    if (ids.persons) {
      servers = servers.where('person_id', 'in', some(ids.persons));
    } else if (ids.hubs) {
      const { hubs } = ids;
      servers = servers.where('person_id', 'in', eb =>
        eb.selectFrom('person').select('id').where('hub_id', 'in', some(hubs))
      );
    }
    ids.servers = idsOf(await servers.execute());
  }
  if (group !== undefined) {
    let sets = db.selectFrom('group_member').select('set_id as id').where('name', '=', group);
    if (ids.hubs) {
      const { hubs } = ids;
      sets = sets.where('set_id', 'in', eb =>
        eb.selectFrom('group_set').select('id').where('hub_id', 'in', some(hubs))
      );
    }
    ids.groupSets = idsOf(await sets.execute());
  }
  if (image !== undefined) {
    ids.streams = await streamsOf(db, image);
  }
  if (text !== undefined) {
    const requests = await streamsOfRequests(db, text);
    if (requests.length > 0) {
      ids.requests = requests;
    } else {
      ids.packages = await termsWith(db, text);
    }
  }
  return Object.values(ids).some(list => list?.length === 0) ? null : ids;
}

/**
 * The records that a filter means. Columns are named with their table, so that others can be joined.
 *
 * @param among - some of the records, as a query in brackets; without it all.
 */
export function matching(
  db: Kysely<ITables>,
  filter: ILogFilter,
  ids: IFilterIds,
  among?: RawBuilder<IRecordTable>
): SelectQueryBuilder<ITables, 'record', object> {
  let query: SelectQueryBuilder<ITables, 'record', object> = among
    ? db.selectFrom(among.as('record'))
    : db.selectFrom('record');
  const numbers = {
    hub_id: ids.hubs,
    person_id: ids.persons,
    server_id: ids.servers,
    group_set_id: ids.groupSets
  };
  for (const column of ['hub_id', 'person_id', 'server_id', 'group_set_id'] as const) {
    const list = numbers[column];
    if (list !== undefined) {
      query = query.where(isOneOf(column, list));
    }
  }
  if (ids.hubs?.every(hub => hub > FIRST_HUB)) {
    // SQLite takes a partial index only where its condition stands in the question.
    query = query.where(sql<boolean>`record.hub_id > ${sql.lit(FIRST_HUB)}`);
  }
  if (ids.streams) {
    query = query.where(isOneOf('stream_id', ids.streams));
  } else if (filter.image !== undefined) {
    const named = db.selectFrom('stream_image').select('stream_id').where(imageHas(filter.image));
    query = query.where('record.stream_id', 'in', named);
  }
  const exact = {
    package_name: filter.package,
    package_version: filter.version,
    tool: filter.tool,
    action: filter.action,
    effect: filter.effect,
    grade: filter.grade
  };
  for (const column of ['package_name', 'package_version', 'tool', 'action', 'effect', 'grade'] as const) {
    const value = exact[column];
    if (value !== undefined) {
      query = query.where(`record.${column}`, '=', value);
    }
  }
  if (filter.fromMs !== undefined) {
    query = query.where('record.received_at_ms', '>=', filter.fromMs);
  }
  if (filter.untilMs !== undefined) {
    query = query.where('record.received_at_ms', '<', filter.untilMs);
  }
  if (ids.requests) {
    query = query.where(isOneOf('stream_id', ids.requests));
  } else if (ids.packages) {
    query = query.where('record.package_name', 'in', ids.packages);
  } else if (filter.text !== undefined) {
    const named = db.selectFrom('package_term').select('name').where(termMatches(filter.text));
    query = query.where('record.package_name', 'in', named);
  }
  return query;
}

/** Numbers of our own, as they are: the default servers of everybody would be thousands of parameters. */
function isOneOf(column: string, list: readonly number[]): RawBuilder<boolean> {
  const numbers = list.map(Number);
  return numbers.length <= FEW
    ? sql<boolean>`${sql.ref(`record.${column}`)} in (${sql.raw(numbers.join())})`
    : sql<boolean>`(${sql.ref(`record.${column}`)} in (values ${sql.raw(numbers.map(id => `(${id})`).join())})) is true`;
}

/** A list of none is no SQL. */
function some(list: readonly number[]): readonly number[] {
  return list.length > 0 ? list : [-1];
}

function idsOf(rows: readonly { readonly id: number }[]): number[] {
  return rows.map(({ id }) => id);
}
