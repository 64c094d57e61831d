import { parseShape, ServerEvent } from '@labkeeper/protocol';
import { sql, type RawBuilder } from 'kysely';
import type { IDatabase } from './database.js';
import type { IDeathFilter, IDeathRate, IEventRow, IServerEventReader } from './server-events.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** What the grouping stands on, in each table. */
const BY = {
  day: { event: sql`e.at_ms / ${sql.lit(DAY_MS)}`, time: sql`k.day` },
  node: { event: sql`coalesce(e.node, '')`, time: sql`k.node` },
  image: { event: sql`coalesce(e.image, '')`, time: sql`k.image` }
} as const;

interface IRow {
  readonly id: number;
  readonly user: string | null;
  readonly server: string | null;
  readonly at_ms: number;
  readonly node: string | null;
  readonly image: string | null;
  readonly body: string;
}

/** Reads the short-lived events from SQLite or PostgreSQL. */
export class SqlServerEventReader implements IServerEventReader {
  constructor(private readonly database: IDatabase) {}

  async deaths(filter: IDeathFilter, before: number | null, limit: number): Promise<readonly IEventRow[]> {
    const older = before === null ? sql`` : sql`and e.id < ${before}`;
    const { rows } = await sql<IRow>`${SELECT} where e.kind = 'death' ${conditions(filter)} ${older}
      order by e.id desc limit ${limit}`.execute(this.database.read);
    return rows.map(rowOf);
  }

  async ofPerson(
    hub: string,
    user: string,
    groups: readonly string[] | null,
    limit: number
  ): Promise<readonly IEventRow[]> {
    const filter = { hub, user, fromMs: 0, ...(groups === null ? {} : { groups }) };
    const { rows } = await sql<IRow>`${SELECT} where e.kind in ('death', 'throttled', 'memory-high', 'lost')
      ${conditions(filter)} order by e.at_ms desc limit ${limit}`.execute(this.database.read);
    return rows.map(rowOf);
  }

  async rates(
    filter: IDeathFilter,
    by: 'day' | 'node' | 'image',
    limit: number
  ): Promise<readonly IDeathRate[]> {
    const { event, time } = BY[by];
    const db = this.database.read;
    const deaths = await sql<{ of: string | number; count: number }>`select ${event} as of, count(*) as count
      from ${FROM} where e.kind = 'death' ${conditions(filter)} group by ${event}`.execute(db);
    const hours = await this.kernelMs(filter, time);
    const names = new Set([...deaths.rows.map(({ of }) => String(of)), ...(hours?.keys() ?? [])]);
    const counts = new Map(deaths.rows.map(({ of, count }) => [String(of), Number(count)]));
    const rates = [...names].map(of => ({
      of: of === '' ? null : of,
      deaths: counts.get(of) ?? 0,
      kernelHours: hours && (hours.get(of) ?? 0) / HOUR_MS
    }));
    const order =
      by === 'day'
        ? (a: IDeathRate, b: IDeathRate) => Number(b.of) - Number(a.of)
        : (a: IDeathRate, b: IDeathRate) =>
            b.deaths - a.deaths || (b.kernelHours ?? 0) - (a.kernelHours ?? 0);
    return rates.sort(order).slice(0, limit);
  }

  /** null = time is kept for all people of a hub together, and was asked for of some, or for one cause. */
  private async kernelMs(
    { hub, user, groups, cause, node, image, fromMs }: IDeathFilter,
    time: RawBuilder<unknown>
  ): Promise<ReadonlyMap<string, number> | null> {
    if (user !== undefined || groups !== undefined || cause !== undefined) {
      return null;
    }
    const { rows } = await sql<{
      of: string | number;
      ms: number;
    }>`select ${time} as of, sum(k.kernel_ms) as ms
      from ${hub === undefined ? sql`kernel_time` : timeOf(hub)} k where k.day >= ${Math.floor(fromMs / DAY_MS)}
      ${node === undefined ? sql`` : sql`and k.node = ${node}`}
      ${image === undefined ? sql`` : sql`and k.image = ${image}`} group by ${time}`.execute(
      this.database.read
    );
    return new Map(rows.map(({ of, ms }) => [String(of), Number(ms)]));
  }
}

const FROM = sql`server_event e join server s on s.id = e.server_id join person p on p.id = e.person_id
  join hub h on h.id = p.hub_id`;
const SELECT = sql`select e.id, p.name as "user", s.name as server, e.at_ms, e.node, e.image, e.body from ${FROM}`;

function conditions({ hub, user, groups, node, image, cause, fromMs }: IDeathFilter): RawBuilder<unknown> {
  const parts = [sql`and e.at_ms >= ${fromMs}`];
  for (const [column, value] of [
    [sql`h.name`, hub],
    [sql`p.name`, user],
    [sql`e.node`, node],
    [sql`e.image`, image],
    [sql`e.cause`, cause]
  ] as const) {
    if (value !== undefined) {
      parts.push(sql`and ${column} = ${value}`);
    }
  }
  if (groups !== undefined) {
    parts.push(
      sql`and e.group_set_id in (select set_id from group_member where name in (${sql.join(groups)}))`
    );
  }
  return sql.join(parts, sql` `);
}

/** The time of one hub's kernels; of a name that is no hub's none, as of its deaths. */
function timeOf(hub: string): RawBuilder<unknown> {
  const columns = sql`day, node, image, kernel_ms`;
  return sql`(select ${columns} from kernel_time where exists (select 1 from first_hub where name = ${hub})
    union all select ${columns} from further_kernel_time where hub = ${hub})`;
}

function rowOf({ id, user, server, at_ms: atMs, node, image, body }: IRow): IEventRow {
  return { id, user, server, atMs, node, image, event: parseShape(ServerEvent, body) };
}
