import { holdingEffect } from '@labkeeper/core';
import { LogEntry, parseShape } from '@labkeeper/protocol';
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import { holdingWrites, writeHoldings, type IRecordedChange } from '../holding-writes.js';
import type { ITables } from '../tables.js';

/** Records that are read at a time. */
const AT_A_TIME = 1000;

/** Who holds what since when, made from the records that are there. */
export function holdings(kind: DatabaseKind): Migration {
  return {
    async up(db: Kysely<ITables>) {
      // SQLite's rows are found by their number only where it is an "integer".
      await db.schema
        .createTable('holding')
        .addColumn('since_idx', kind === 'sqlite' ? 'integer' : 'bigint', column => column.primaryKey())
        .addColumn('since_ms', 'bigint', column => column.notNull())
        .addColumn('until_idx', 'bigint')
        .addColumn('until_ms', 'bigint')
        .addColumn('server_id', 'integer', column => column.notNull())
        .addColumn('group_set_id', 'integer', column => column.notNull())
        .addColumn('environment', 'text', column => column.notNull())
        .addColumn('ecosystem', 'text', column => column.notNull())
        .addColumn('package_name', 'text', column => column.notNull())
        .addColumn('package_version', 'text')
        .execute();
      await db.schema
        .createIndex('holding_open')
        .on('holding')
        .columns(['server_id', 'environment', 'ecosystem', 'package_name'])
        .where(sql.ref('until_ms'), 'is', null)
        .execute();
      for (const { id } of await db.selectFrom('server').select('id').orderBy('id').execute()) {
        await fill(kind, db, id);
      }
      await db.schema
        .createIndex('holding_package')
        .on('holding')
        .columns(['package_name', 'since_idx'])
        .execute();
      await db.schema
        .createIndex('holding_version')
        .on('holding')
        .columns(['package_name', 'package_version', 'since_idx'])
        .execute();
    }
  };
}

/** Server by server, so that what is open is little. */
async function fill(kind: DatabaseKind, db: Kysely<ITables>, server: number): Promise<void> {
  for (let after = -1; ;) {
    const rows = await db
      .selectFrom('record')
      .innerJoin('record_body', join =>
        join
          .onRef('record_body.idx', '=', 'record.idx')
          .onRef('record_body.received_at_ms', '=', 'record.received_at_ms')
      )
      .selectAll('record')
      .select('record_body.entry')
      .where('record.server_id', '=', server)
      .where('record.action', 'in', ['found-on-disk', 'install', 'upgrade', 'remove'])
      .where('record.idx', '>', after)
      .orderBy('record.idx')
      .limit(AT_A_TIME)
      .execute();
    const last = rows.at(-1);
    if (!last) {
      return;
    }
    after = last.idx;
    const changes = rows.flatMap((row): IRecordedChange[] => {
      const record = parseShape(LogEntry, row.entry)?.record ?? null;
      const effect = record && holdingEffect(record);
      return effect === null || row.package_name === null || row.ecosystem === null
        ? []
        : [
            {
              ...{ at: row.idx, effect, server, atMs: row.received_at_ms },
              groupSet: row.group_set_id,
              environment: row.environment ?? '',
              ecosystem: row.ecosystem,
              name: row.package_name,
              version: row.package_version
            }
          ];
    });
    await writeHoldings(kind, db, await holdingWrites(kind, db, changes));
  }
}
