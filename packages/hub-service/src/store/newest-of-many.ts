import { sql, type Kysely, type SelectQueryBuilder } from 'kysely';
import { matching, type IFilterIds } from './log-filter.js';
import type { ILogFilter } from './log-reader.js';
import type { IRecordTable, ITables } from './tables.js';

/** So many values are looked at one by one, at most: with more, a walk from the newest on soon has a page. */
const MANY = 200;

const COLUMNS = {
  groupSets: ['group_set_id', 'integer'],
  servers: ['server_id', 'integer'],
  streams: ['stream_id', 'integer'],
  persons: ['person_id', 'integer'],
  packages: ['package_name', 'text']
} as const satisfies Partial<Record<keyof IFilterIds, readonly [string, string]>>;
const LISTS = ['groupSets', 'servers', 'persons', 'streams', 'packages'] as const;

/**
 * Records that a filter means, as `matching`, but at most the `limit` newest after a place. Where one member of the filter
 * stands for several values, such as a group for the sets that it is in, PostgreSQL would sort all their records to find the
 * newest few; asked value by value it reads a page of each from its index.
 *
 * @returns null = nothing stands for several: `matching` does it.
 */
export function newestOfMany(
  db: Kysely<ITables>,
  filter: ILogFilter,
  ids: IFilterIds,
  narrow: (
    query: SelectQueryBuilder<ITables, 'record', object>
  ) => SelectQueryBuilder<ITables, 'record', object>,
  limit: number
): SelectQueryBuilder<ITables, 'record', object> | null {
  const list = LISTS.filter(name => isSeveral(ids[name]))
    .sort((a, b) => (ids[a]?.length ?? 0) - (ids[b]?.length ?? 0))
    .at(0);
  if (list === undefined) {
    return null;
  }
  const [column, type] = COLUMNS[list];
  const { [list]: values, ...others } = ids;
  const { text, image, ...rest } = filter;
  // What is asked value by value must not be asked as a whole too.
  const asked = {
    ...rest,
    ...(text !== undefined && list !== 'packages' && { text }),
    ...(image !== undefined && list !== 'streams' && { image })
  };
  const each = narrow(matching(db, asked, others))
    .where(sql<boolean>`${sql.ref(`record.${column}`)} = k.value`)
    .select(['record.received_at_ms', 'record.idx'])
    .orderBy('record.received_at_ms', 'desc')
    .orderBy('record.idx', 'desc')
    .limit(limit);
  const places = sql`select x.received_at_ms, x.idx from unnest(${values}::${sql.raw(type)}[]) as k(value)
    cross join lateral (${each}) as x order by x.received_at_ms desc, x.idx desc limit ${limit}`;
  // Place by place through the index, whatever PostgreSQL believes of all months together; the time says which there are.
  const record = narrow(matching(db, timeOf(filter), {}))
    .selectAll('record')
    .where(sql<boolean>`record.received_at_ms = p.received_at_ms and record.idx = p.idx`)
    .offset(0);
  return db.selectFrom(
    sql<IRecordTable>`(select r.* from (${places}) as p cross join lateral (${record}) as r)`.as('record')
  );
}

function timeOf({ fromMs, untilMs }: ILogFilter): ILogFilter {
  return { ...(fromMs !== undefined && { fromMs }), ...(untilMs !== undefined && { untilMs }) };
}

function isSeveral(list: readonly unknown[] | null | undefined): boolean {
  return list !== null && list !== undefined && list.length > 1 && list.length <= MANY;
}
