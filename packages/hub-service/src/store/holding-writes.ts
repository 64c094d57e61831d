import { changeHoldings, type IChangedHoldings, type IHolding, type IHoldingChange } from '@labkeeper/core';
import { CompiledQuery, sql, type Kysely, type RawBuilder } from 'kysely';
import type { INewRecord, IPlacedBatch } from './append-statements.js';
import type { DatabaseKind } from './database.js';
import type { IHoldingTable, ITables } from './tables.js';

/** A record that changes what is held. */
export interface IRecordedChange extends IHoldingChange {
  /** Its index in the log. */
  readonly at: number;
  readonly groupSet: number;
}

interface IHeldRow extends IHolding {
  readonly sinceIndex: number;
}

/** What is to be written about who holds what. */
export type HoldingWrites = IChangedHoldings<IHeldRow, IRecordedChange>;

/** What a record changes: one change or none. @param at - its index in the log. */
export function heldChange(
  batch: IPlacedBatch,
  record: INewRecord,
  at: number,
  atMs: number
): readonly IRecordedChange[] {
  const { held: effect, package_name: name, ecosystem } = record;
  return effect === null || name === null || ecosystem === null
    ? []
    : [
        {
          ...{ at, atMs, effect, name, ecosystem },
          server: batch.serverId,
          groupSet: batch.groupSetId,
          environment: record.environment ?? '',
          version: record.package_version
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

export async function writeHoldings(
  kind: DatabaseKind,
  db: Kysely<ITables>,
  writes: HoldingWrites
): Promise<void> {
  const opened = openedRows(writes);
  const closed = writes.closed.map(({ held, by, untilMs }) => [held.sinceIndex, by.at, untilMs]);
  if (closed.length > 0) {
    await (kind === 'sqlite'
      ? db.executeQuery(CompiledQuery.raw(SQLITE_CLOSE, [JSON.stringify(closed)]))
      : postgresClose(JSON.stringify(closed)).execute(db));
  }
  if (opened.length > 0) {
    await (kind === 'sqlite'
      ? db.executeQuery(
          CompiledQuery.raw(SQLITE_OPEN, [
            JSON.stringify(opened.map(row => COLUMNS.map(([name]) => row[name])))
          ])
        )
      : postgresOpen(JSON.stringify(opened)).execute(db));
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
const TYPES = sql.raw(COLUMNS.map(([name, type]) => `${name} ${type}`).join(', '));

function postgresClose(rows: string): RawBuilder<unknown> {
  return sql`update holding set until_idx = (c ->> 1)::bigint, until_ms = (c ->> 2)::bigint
    from json_array_elements(${rows}::json) as c where since_idx = (c ->> 0)::bigint`;
}

function postgresOpen(rows: string): RawBuilder<unknown> {
  return sql`insert into holding (${NAMES}) select ${NAMES} from json_to_recordset(${rows}::json) as o(${TYPES})`;
}

function openedRows({ opened }: HoldingWrites): readonly IHoldingTable[] {
  return opened.map(({ by, end }) => ({
    since_idx: by.at,
    since_ms: by.atMs,
    until_idx: end && end.by.at,
    until_ms: end && end.untilMs,
    server_id: by.server,
    group_set_id: by.groupSet,
    environment: by.environment,
    ecosystem: by.ecosystem,
    package_name: by.name,
    package_version: by.version
  }));
}
