import { sql, type Kysely } from 'kysely';
import { idsOfNumber } from '../requests/request-number.js';
import type { ISpeaker } from './log-writer.js';
import { readRow, requestRows, type RequestRowQuery } from './request-rows.js';
import type { IRequestFilter, IRequestPlace, IRequestRow } from './requests.js';
import type { ITables } from './tables.js';

/** Of one person, the newest first. */
export function ownRequests(
  db: Kysely<ITables>,
  { hub, user }: Pick<ISpeaker, 'hub' | 'user'>,
  before: IRequestPlace | null,
  limit: number
): Promise<readonly IRequestRow[]> {
  return page(requestRows(db).where('hub.name', '=', hub).where('person.name', '=', user), before, limit);
}

/** Open ones first, then the others, the newest first among each: two questions, each in the order of an index. */
export async function inbox(
  db: Kysely<ITables>,
  filter: IRequestFilter,
  after: IRequestPlace | null,
  limit: number
): Promise<readonly IRequestRow[]> {
  const wanted = (): RequestRowQuery => filtered(requestRows(db), filter);
  const open =
    after === null || after.isOpen
      ? await page(wanted().where('request.state', '=', 'requested'), after, limit)
      : [];
  if (open.length >= limit) {
    return open;
  }
  const rest = wanted().where('request.state', '<>', 'requested');
  return [...open, ...(await page(rest, after?.isOpen ? null : after, limit - open.length))];
}

function filtered(
  query: RequestRowQuery,
  { hub, user, kind, state, number, groups }: IRequestFilter
): RequestRowQuery {
  let asked = query;
  if (hub !== undefined) {
    asked = asked.where('hub.name', '=', hub);
  }
  if (user !== undefined) {
    asked = asked.where('person.name', '=', user);
  }
  if (kind !== undefined) {
    asked = asked.where('request.kind', '=', kind);
  }
  if (state !== undefined) {
    asked = asked.where('request.state', '=', state);
  }
  if (number !== undefined) {
    const [first, last] = idsOfNumber(number);
    asked = asked.where('request.id', '>=', first).where('request.id', '<=', last);
  }
  if (groups !== null) {
    asked = asked.where('request.group_set_id', 'in', eb =>
      eb
        .selectFrom('group_member')
        .select('set_id')
        .where('name', 'in', groups.length > 0 ? groups : [''])
    );
  }
  return asked;
}

/** The newest first, from a place on. */
async function page(
  query: RequestRowQuery,
  after: IRequestPlace | null,
  limit: number
): Promise<readonly IRequestRow[]> {
  const from =
    after === null
      ? query
      : query.where(sql<boolean>`(request.created_at_ms, request.id) < (${after.createdAtMs}, ${after.id})`);
  const rows = await from
    .orderBy('request.created_at_ms', 'desc')
    .orderBy('request.id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(readRow);
}
