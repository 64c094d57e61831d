import type { SelectQueryBuilder } from 'kysely';
import type { IDatabase } from './database.js';
import type { IHolder, IHolders, IHoldersAsked, IHoldersCount } from './holders.js';
import type { ITables } from './tables.js';

const DAY_MS = 86_400_000;

/** Reads who holds what in SQLite or PostgreSQL. */
export class SqlHolders implements IHolders {
  constructor(private readonly database: IDatabase) {}

  async list(asked: IHoldersAsked, before: number | null, limit: number): Promise<readonly IHolder[]> {
    let page = this.matching(asked).selectAll('holding').orderBy('since_idx', 'desc').limit(limit);
    if (before !== null) {
      page = page.where('since_idx', '<', before);
    }
    // Names are looked up for the rows of the page alone.
    const rows = await this.database.read
      .selectFrom(page.as('h'))
      .innerJoin('server', 'server.id', 'h.server_id')
      .innerJoin('person', 'person.id', 'server.person_id')
      .innerJoin('hub', 'hub.id', 'person.hub_id')
      .select([
        'h.since_idx as sinceIndex',
        'h.since_ms as sinceMs',
        'h.until_idx as untilIndex',
        'h.until_ms as untilMs',
        'hub.name as hub',
        'person.name as user',
        'server.name as server',
        'h.environment',
        'h.ecosystem',
        'h.package_name as packageName',
        'h.package_version as packageVersion'
      ])
      .select(eb =>
        eb
          .selectFrom('stream')
          .whereRef('stream.server_id', '=', 'h.server_id')
          .select(stream => stream.fn.max<number | null>('stream.seen_at_ms').as('heardMs'))
          .as('heardMs')
      )
      .orderBy('h.since_idx', 'desc')
      .execute();
    return rows.map(row => ({ ...row, environment: row.environment === '' ? null : row.environment }));
  }

  async count(asked: IHoldersAsked, cap: number): Promise<IHoldersCount> {
    const some = this.matching(asked).select('server_id').limit(cap);
    return this.database.read
      .selectFrom(some.as('some'))
      .innerJoin('server', 'server.id', 'some.server_id')
      .select(eb => [
        eb.fn.countAll<number>().as('holdings'),
        eb.fn.count<number>('server.person_id').distinct().as('people'),
        eb.fn.count<number>('server.id').distinct().as('servers')
      ])
      .executeTakeFirstOrThrow();
  }

  private matching({
    packages,
    version,
    dayMs,
    hub,
    groups
  }: IHoldersAsked): SelectQueryBuilder<ITables, 'holding', object> {
    const db = this.database.read;
    let query = db.selectFrom('holding').where('package_name', 'in', packages);
    if (version !== null) {
      query = query.where('package_version', '=', version);
    }
    query =
      dayMs === null
        ? query.where('until_ms', 'is', null)
        : query
            .where('since_ms', '<', dayMs + DAY_MS)
            .where(eb => eb.or([eb('until_ms', 'is', null), eb('until_ms', '>', dayMs)]));
    if (hub !== null) {
      query = query.where(
        'group_set_id',
        'in',
        // A set of groups is one of a hub, the empty one too.
        db
          .selectFrom('group_set')
          .innerJoin('hub', 'hub.id', 'group_set.hub_id')
          .select('group_set.id')
          .where('hub.name', '=', hub)
      );
    }
    return groups === null
      ? query
      : query.where(
          'group_set_id',
          'in',
          db.selectFrom('group_member').select('set_id').where('name', 'in', groups)
        );
  }
}
