import type { IForwardedRecord } from '@labkeeper/protocol';
import type { IDatabase } from '../store/database.js';
import { linesAt } from '../store/record-lines.js';

/**
 * Records of the log in its own order.
 *
 * @param from - the first index. @param most - records, at most. @param hasNames - whether users and servers are named.
 */
export async function readForwarded(
  { read }: IDatabase,
  from: number,
  most: number,
  hasNames: boolean
): Promise<readonly IForwardedRecord[]> {
  const rows = await read
    .selectFrom('record')
    .innerJoin('hub', 'hub.id', 'record.hub_id')
    .innerJoin('person', 'person.id', 'record.person_id')
    .innerJoin('server', 'server.id', 'record.server_id')
    .innerJoin('stream', 'stream.id', 'record.stream_id')
    .select([
      'record.idx as index',
      'record.received_at_ms as receivedAtMs',
      'record.occurred_at_ms as occurredAtMs',
      'hub.name as hub',
      'person.name as user',
      'server.name as server',
      'record.action',
      'record.ecosystem',
      'record.package_name as packageName',
      'record.package_version as packageVersion',
      'record.tool',
      'record.effect',
      'record.grade',
      'stream.uuid as stream',
      'record.seq'
    ])
    .where('record.idx', '>=', from)
    .where('record.idx', '<', from + most)
    .orderBy('record.idx')
    .execute();
  const lines = await linesAt(read, rows);
  return rows.flatMap(row => {
    const entry = lines.get(row.index);
    return entry === undefined ? [] : [{ ...row, entry, ...(!hasNames && { user: null, server: null }) }];
  });
}

/** The index after the last record. */
export async function logEnd({ read }: IDatabase): Promise<number> {
  const { next_index } = await read.selectFrom('log_head').select('next_index').executeTakeFirstOrThrow();
  return next_index;
}
