import { changeHoldings, type IChangedHoldings, type IHolding, type IHoldingChange } from '@labkeeper/core';
import { CompiledQuery, sql, type Kysely, type RawBuilder } from 'kysely';
import type { INewRecord } from './append-statements.js';
import type { DatabaseKind } from './database.js';
import type { IHoldingTable, ITables } from './tables.js';

/** A record that changes what is held. */
export interface IRecordedChange extends IHoldingChange {
  /** Its place among the records that are written together. */
  readonly at: number;
  readonly groupSet: number;
}

interface IHeldRow extends IHolding {
  readonly sinceIndex: number;
}

/** What is to be written about who holds what. */
export type HoldingWrites = IChangedHoldings<IHeldRow, IRecordedChange>;

/** What a record changes: one change or none. @param at - its place among those that are written together. */
export function heldChange(record: INewRecord, at: number): readonly IRecordedChange[] {
  const { held: effect, package_name: name, ecosystem } = record;
  return effect === null || name === null || ecosystem === null
    ? []
    : [
        {
          ...{ at, effect, name, ecosystem },
          server: record.server_id,
          groupSet: record.group_set_id,
          environment: record.environment ?? '',
          version: record.package_version,
          atMs: record.received_at_ms
        }
      ];
}

/**
 * Reads what is held where something changes, and says what becomes of it. Whoever calls it has the servers to herself
 * until the transaction ends.
 */
export async function holdingWrites(
  kind: DatabaseKind,
  db: Kysely<ITables>,
  changes: readonly IRecordedChange[]
): Promise<HoldingWrites> {
  const places = new Map(
    changes.map(({ server, environment, ecosystem, name }) => {
      const place = JSON.stringify([server, environment, ecosystem, name]);
      return [place, { server, environment, ecosystem, name }];
    })
  );
  const { rows } =
    kind === 'sqlite'
      ? await db.executeQuery<IHeldRow>(CompiledQuery.raw(SQLITE_HELD, [`[${[...places.keys()].join()}]`]))
      : await postgresHeld(JSON.stringify([...places.values()])).execute(db);
  return changeHoldings(rows, changes);
}

/** @param first - index of the first of the records that are written together. */
export async function writeHoldings(
  kind: DatabaseKind,
  db: Kysely<ITables>,
  writes: HoldingWrites,
  first: number
): Promise<void> {
  if (kind === 'postgres') {
    const head = sql`with head as (select ${first}::bigint as first)`;
    await sql`${head}${postgresHoldingParts(writes)} select 1`.execute(db);
    return;
  }
  if (writes.closed.length > 0) {
    const rows = writes.closed.map(({ held, by, untilMs }) => [held.sinceIndex, first + by.at, untilMs]);
    await db.executeQuery(CompiledQuery.raw(SQLITE_CLOSE, [JSON.stringify(rows)]));
  }
  if (writes.opened.length > 0) {
    const rows = openedRows(writes, first).map(row => COLUMNS.map(([name]) => row[name]));
    await db.executeQuery(CompiledQuery.raw(SQLITE_OPEN, [JSON.stringify(rows)]));
  }
}

const COLUMNS = [
  ['since_idx', 'bigint'],
  ['since_ms', 'bigint'],
  ['until_idx', 'bigint'],
  ['until_ms', 'bigint'],
  ['server_id', 'integer'],
  ['group_set_id', 'integer'],
  ['environment', 'text'],
  ['ecosystem', 'text'],
  ['package_name', 'text'],
  ['package_version', 'text']
] as const satisfies readonly (readonly [keyof IHoldingTable, string])[];

const HELD = `h.since_idx as "sinceIndex", h.since_ms as "sinceMs", h.server_id as server, h.environment, h.ecosystem,
  h.package_name as name, h.package_version as version`;

/** One statement for all rows, which travel as one JSON text. */
const SQLITE_HELD = `select ${HELD} from json_each(?) k cross join holding h
  where h.server_id = k.value ->> 0 and h.environment = k.value ->> 1 and h.ecosystem = k.value ->> 2
  and h.package_name = k.value ->> 3 and h.until_ms is null`;
const SQLITE_CLOSE = `update holding set until_idx = c.value ->> 1, until_ms = c.value ->> 2
  from json_each(?) c where since_idx = c.value ->> 0`;
const SQLITE_OPEN = `insert into holding (${COLUMNS.map(([name]) => name).join(', ')})
  select ${COLUMNS.map((_column, at) => `value ->> ${at}`).join(', ')} from json_each(?)`;

/** Place by place through the index, whatever the database believes to know about a table that is just being filled. */
function postgresHeld(places: string): RawBuilder<IHeldRow> {
  return sql<IHeldRow>`select ${sql.raw(HELD)}
    from json_to_recordset(${places}::json) as k(server integer, environment text, ecosystem text, name text)
    cross join lateral (
      select * from holding where server_id = k.server and environment = k.environment and ecosystem = k.ecosystem
      and package_name = k.name and until_ms is null offset 0
    ) h`;
}

const NAMES = sql.raw(COLUMNS.map(([name]) => name).join(', '));
const VALUES = sql.raw(
  COLUMNS.map(([name]) => (name.endsWith('_idx') ? `head.first + o.${name}` : `o.${name}`)).join(', ')
);
const TYPES = sql.raw(COLUMNS.map(([name, type]) => `${name} ${type}`).join(', '));

/** Parts of a statement in which `head.first` is the index of the first record: no round trip of their own. */
export function postgresHoldingParts(writes: HoldingWrites): RawBuilder<unknown> {
  const opened = JSON.stringify(openedRows(writes, 0));
  const closed = JSON.stringify(
    writes.closed.map(({ held, by, untilMs }) => ({
      since_idx: held.sinceIndex,
      until_at: by.at,
      until_ms: untilMs
    }))
  );
  return sql`, opened as (
    insert into holding (${NAMES}) select ${VALUES} from head, json_to_recordset(${opened}::json) as o(${TYPES})
  ), closed as (
    update holding h set until_idx = head.first + c.until_at, until_ms = c.until_ms
    from head, json_to_recordset(${closed}::json) as c(since_idx bigint, until_at bigint, until_ms bigint)
    where h.since_idx = c.since_idx
  )`;
}

function openedRows({ opened }: HoldingWrites, first: number): readonly IHoldingTable[] {
  return opened.map(({ by, end }) => ({
    since_idx: first + by.at,
    since_ms: by.atMs,
    until_idx: end && first + end.by.at,
    until_ms: end && end.untilMs,
    server_id: by.server,
    group_set_id: by.groupSet,
    environment: by.environment,
    ecosystem: by.ecosystem,
    package_name: by.name,
    package_version: by.version
  }));
}
