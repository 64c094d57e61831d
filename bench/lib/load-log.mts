// Loads made records into an empty database with the service's own schema, by COPY; indexes are made after the rows.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { makeMonths } from './log-months.mts';
import {
  GROUP_SETS,
  groupName,
  groupsOf,
  madeRecords,
  PERSONS,
  serversOf,
  uuidOf,
  YEARS_MS,
  type IMadeStream
} from './made-records.mts';

/** Rows that are sent at a time. */
const ROWS = 2000;
/** Parts of the record table and the table itself; indexes of the whole bring those of the parts with them. */
const INDEXES = `pg_index i where not i.indisprimary
  and not exists (select 1 from pg_inherits where inhrelid = i.indexrelid)
  and (i.indrelid = 'record'::regclass
    or i.indrelid in (select inhrelid from pg_inherits where inhparent = 'record'::regclass))`;
const SESSION = 'set maintenance_work_mem = "1GB"; set max_parallel_maintenance_workers = 2; ';

/** Runs a statement. @returns what it printed. */
export function psql(url: string, statement: string): string {
  return execFileSync('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', url, '-c', statement], { encoding: 'utf8' });
}

/** Fills the log. @param url - a database that the service has opened once. */
export async function loadLog(url: string, count: number, endMs: number): Promise<void> {
  await makeMonths(url, endMs - YEARS_MS);
  // "only" would make an index of the whole without the parts'.
  const indexes = psql(
    url,
    `select replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') from ${INDEXES} order by i.indexrelid`
  );
  const names = psql(url, `select i.indexrelid::regclass from ${INDEXES}`);
  psql(url, `drop index ${names.trim().split('\n').join(', ')}`);
  // Nobody needs them after a power cut: half of what is written falls away.
  const parts = psql(
    url,
    `select inhrelid::regclass from pg_inherits where inhparent in ('record'::regclass, 'record_body'::regclass)`
  );
  const unlogged = parts.trim().split('\n');
  psql(url, unlogged.map(part => `alter table ${part} set unlogged`).join('; '));
  await people(url);
  const records = copy(
    url,
    `record (received_at_ms, idx, hub_id, person_id, server_id, group_set_id, stream_id, seq, occurred_at_ms, action,
     ecosystem, package_name, package_version, tool, effect, grade, environment, leaf)`
  );
  const bodies = copy(url, 'record_body (received_at_ms, idx, entry)');
  const streams: IMadeStream[] = [];
  let [narrow, wide, rows] = ['', '', 0];
  for (const r of madeRecords(count, endMs, stream => streams.push(stream))) {
    narrow += `${r.receivedAtMs}\t${r.idx}\t1\t${r.person}\t${r.server}\t${r.set}\t${r.stream}\t${r.seq}\t${r.receivedAtMs - 3}\t${r.action}\tpypi\t${r.name}\t${r.version}\t${r.tool}\t${r.effect ?? '\\N'}\t${r.grade}\t0123456789abcdef\t\\\\x${Buffer.from(r.leaf).toString('hex')}\n`;
    wide += `${r.receivedAtMs}\t${r.idx}\t${r.entry.includes('\\') ? r.entry.replaceAll('\\', '\\\\') : r.entry}\n`;
    if (++rows === ROWS) {
      await Promise.all([records.write(narrow), bodies.write(wide)]);
      [narrow, wide, rows] = ['', '', 0];
    }
  }
  await Promise.all([records.end(narrow), bodies.end(wide)]);
  const begun = copy(url, 'stream (id, uuid, server_id, boot, seq, head, seen_at_ms)');
  await begun.end(
    streams
      .map(s => `${s.id}\t${uuidOf(3, s.id)}\t${s.server}\t${s.boot}\t${s.seq}\t${s.head}\t${endMs}\n`)
      .join('')
  );
  for (const definition of indexes.trim().split('\n')) psql(url, SESSION + definition);
  psql(
    url,
    `update log_head set next_index = ${count}; insert into package_term select distinct package_name from record on conflict do nothing`
  );
  // Lines are not read by a search: only their table's size must be known.
  psql(url, 'analyze record_body');
  for (const table of ['record', 'stream', 'server', 'person', 'package_term', 'group_member'])
    psql(url, `vacuum (analyze) ${table}`);
}

/** Those who sent the records, with the numbers that the records have. */
async function people(url: string): Promise<void> {
  const sets = Array.from({ length: GROUP_SETS }, (_, i) => i + 1);
  const persons = Array.from({ length: PERSONS }, (_, i) => i + 1);
  await copy(url, 'hub (id, name)').end('1\thub\n');
  await copy(url, 'group_set (id, hub_id, names)').end(sets.map(set => `${set}\t1\tset ${set}\n`).join(''));
  await copy(url, 'group_member (set_id, name)').end(
    sets.flatMap(set => groupsOf(set).map(group => `${set}\t${groupName(group)}\n`)).join('')
  );
  await copy(url, 'person (id, uuid, hub_id, name, created_at_ms)').end(
    persons.map(person => `${person}\t${uuidOf(1, person)}\t1\tuser-${person}\t0\n`).join('')
  );
  await copy(url, 'server (id, uuid, person_id, name)').end(
    persons
      .flatMap(person =>
        serversOf(person).map((name, i) => {
          const id = person + i * PERSONS;
          return `${id}\t${uuidOf(2, id)}\t${person}\t${name}\n`;
        })
      )
      .join('')
  );
}

interface ICopy {
  write(text: string): Promise<void>;
  /** Resolves when the rows are there. @throws when PostgreSQL does not take them. */
  end(text: string): Promise<void>;
}

function copy(url: string, target: string): ICopy {
  const child = spawn('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', url, '-c', `copy ${target} from stdin`], {
    stdio: ['pipe', 'inherit', 'inherit']
  });
  const ended = once(child, 'close');
  const input: Writable = child.stdin;
  const write = async (text: string): Promise<void> => {
    if (!input.write(text)) await Promise.race([once(input, 'drain'), ended]);
  };
  return {
    write,
    end: async text => {
      await write(text);
      input.end();
      const [status] = await ended;
      if (status !== 0) throw new Error(`psql did not load ${target}`);
    }
  };
}
