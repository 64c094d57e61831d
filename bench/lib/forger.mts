import { copyFileSync } from 'node:fs';
import { randomInt, randomUUID } from 'node:crypto';
import { canonicalJson, NO_HASH } from '../../packages/core/lib/index.js';
import { AUDIT_SCHEMA } from '../../packages/protocol/lib/index.js';
import { DigestMaker } from '../../packages/hub-service/lib/digests/digest-maker.js';
import { readBatch } from '../../packages/hub-service/lib/ingest/read-batch.js';
import type { IKeys } from '../../packages/hub-service/lib/keys/keys.js';
import { sha256Hex } from '../../packages/hub-service/lib/sha256.js';
import { openDatabase, type IDatabase } from '../../packages/hub-service/lib/store/database.js';
import { SqlLogWriter } from '../../packages/hub-service/lib/store/sql-log-writer.js';

/** One thing that happened, before it is chained. */
export interface IEvent {
  readonly user: string;
  readonly boot: string;
  readonly eventId: string;
  readonly package: string;
  readonly atMs: number;
}

/** What an owner of the key does to a history. */
export const FORGERIES = ['change', 'remove', 'insert', 'reorder', 'truncate', 'whole'] as const;
export type Forgery = (typeof FORGERIES)[number];

/** Events of one batch, and of one digest. */
export const BATCH = 10;

/** @param beginMs - when the first happens; the others one second after another. */
export function madeEvents(count: number, users: number, beginMs: number): IEvent[] {
  const boots = Array.from({ length: users }, () => randomUUID());
  return Array.from({ length: count }, (_, i) => {
    // Batches of one user each, so that the plan of batches stays the same.
    const user = Math.floor(i / BATCH) % users;
    return {
      ...{ user: `user-${user}`, boot: boots[user] ?? '', eventId: randomUUID() },
      ...{ package: `package-${i}`, atMs: beginMs + i * 1000 }
    };
  });
}

/** The history that the owner of the key would rather have had. */
export function forged(events: readonly IEvent[], kind: Forgery): IEvent[] {
  const at = randomInt(events.length);
  const one = events[at];
  if (!one) throw new Error('There is nothing to forge');
  switch (kind) {
    case 'change':
      return events.with(at, { ...one, package: `other-${randomInt(1000)}` });
    case 'remove':
      return events.toSpliced(at, 1 + randomInt(3));
    case 'insert':
      return events.toSpliced(at, 0, { ...one, eventId: randomUUID(), package: 'never-installed' });
    case 'reorder': {
      const other = (at + 1 + randomInt(events.length - 1)) % events.length;
      const [first, second] = [one, events[other] ?? one];
      const { eventId, package: name } = first;
      return events
        .with(at, { ...first, eventId: second.eventId, package: second.package })
        .with(other, { ...second, eventId, package: name });
    }
    case 'truncate':
      // Where a digest ends, what is left is as it was signed.
      return events.slice(0, Math.max(BATCH, at % 2 === 0 ? at : at - (at % BATCH)));
    case 'whole':
      return events.map((event, i) => ({ ...event, eventId: randomUUID(), package: `made-up-${i}` }));
  }
}

/**
 * Writes a history by the service's own code: its parser, its writer, its digests, its key. Over a copy of the old
 * database, so that persons, servers, streams and the log itself keep their names.
 */
export async function written(
  file: string,
  from: string | null,
  events: readonly IEvent[],
  keys: IKeys
): Promise<IDatabase> {
  if (from !== null) copyFileSync(from, file);
  const database = await openDatabase({ kind: 'sqlite', file }, () => undefined);
  const db = database.write;
  for (const table of [
    'anchor',
    'anchor_target',
    'digest',
    'personal',
    'holding',
    'record_body',
    'record'
  ] as const)
    await db.deleteFrom(table).execute();
  await db.updateTable('log_head').set({ next_index: 0 }).execute();
  await db.updateTable('stream').set({ seq: 0, head: NO_HASH }).execute();
  let nowMs = 0;
  const writer = new SqlLogWriter(database, () => nowMs);
  const maker = new DigestMaker({ database, keys, nowMs: () => nowMs });
  const heads = new Map<string, { seq: number; head: string }>();
  for (let i = 0; i < events.length;) {
    const { user, boot } = events[i] ?? { user: '', boot: '' };
    const run: IEvent[] = [];
    for (; run.length < BATCH && events[i]?.boot === boot; i++) run.push(events[i] as IEvent);
    const before = heads.get(boot) ?? { seq: 0, head: NO_HASH };
    const [lines, after] = chained(run, before);
    const head = { protocol: 1, boot, first: before.seq + 1, count: run.length, prev: before.head };
    const body = Buffer.from(`${JSON.stringify(head)}\n${lines.map(line => `${line}\nnull\n`).join('')}`);
    const read = readBatch({ hub: 'hub', user, server: '', groups: [] }, body);
    if (read.kind !== 'batch') throw new Error(`The service does not take it: ${JSON.stringify(read)}`);
    nowMs = run.at(-1)?.atMs ?? nowMs;
    const [stored] = await writer.append([read.batch]);
    if (stored?.kind !== 'stored') throw new Error('The forged batch was not stored');
    heads.set(boot, after);
    await maker.make();
  }
  return database;
}

function chained(events: readonly IEvent[], before: { seq: number; head: string }) {
  let { seq, head } = before;
  const lines = events.map(({ boot, eventId, package: name, atMs }) => {
    seq += 1;
    const line = canonicalJson({
      schema: AUDIT_SCHEMA,
      ...{ eventId, boot, seq, prev: head, personal: null, occurredAtMs: atMs, observedAtMs: atMs },
      ...{ action: 'install', surface: 'terminal', tool: { name: 'pip', version: '25.3' } },
      environment: { id: '0123456789abcdef', kind: 'venv', python: '3.12' },
      package: {
        ...{ ecosystem: 'pypi', name, version: '1.0', requested: true, installer: 'pip' },
        ...{ recordDigest: 'ab'.repeat(32), files: 12, origin: 'index' }
      },
      ...{
        decision: null,
        outcome: { ok: true, code: 0 },
        evidence: [{ source: 'disk', ref: null }],
        gap: null
      }
    });
    head = sha256Hex(line);
    return line;
  });
  return [lines, { seq, head }] as const;
}
