import { sql, type Expression, type RawBuilder, type Transaction } from 'kysely';
import type { IDatabase } from './database.js';
import { isPersonHeld } from './held.js';
import type { ISpeakerRows } from './learn-speakers.js';
import { learnSpeaker } from './learn-speakers.js';
import type { IIncomingEvents, IServerEventWriter, IServerRun, IStoredEvent } from './server-events.js';
import type { ITables } from './tables.js';

const DAY_MS = 86_400_000;
/** By so much clocks of hub and container may differ, ms. */
const SKEW_MS = 10_000;
/** What tells no person anything is kept so long, in days: rates of a year can be compared. */
const TALLY_DAYS = 400;
/** Rows that are deleted at a time: others write between. */
const AT_A_TIME = 5000;
/** A sum grows no further: a few servers that lie keep nobody else's events out, and sums of sums stay whole numbers. */
const MOST_STARTED = 1e9;
const MOST_KERNEL_MS = 1e13;

/** Writes the short-lived events into SQLite or PostgreSQL. */
export class SqlServerEvents implements IServerEventWriter {
  /** @param nowMs - epoch ms. @param further - hubs beside the first. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number,
    private readonly further: Pick<ReadonlySet<string>, 'has'> = new Set()
  ) {}

  async append(incoming: IIncomingEvents): ReturnType<IServerEventWriter['append']> {
    return this.database.write.transaction().execute(async db => {
      const speaker = await learnSpeaker(db, incoming.speaker, this.nowMs());
      return this.appendIn(db, speaker, incoming);
    });
  }

  async purge(beforeMs: number): Promise<number> {
    const db = this.database.write;
    let deleted = 0;
    for (let count = AT_A_TIME; count === AT_A_TIME;) {
      const { rows } = await sql<{ id: number }>`delete from server_event where id in (
        select e.id from server_event e where e.received_at_ms < ${beforeMs}
          and not ${isPersonHeld(sql<number>`e.person_id`)} limit ${AT_A_TIME}) returning id`.execute(db);
      count = rows.length;
      deleted += count;
    }
    await db.deleteFrom('event_stream').where('seen_at_ms', '<', beforeMs).execute();
    // The run before the bound may be the one that still goes on.
    await db
      .deleteFrom('server_run')
      .where('started_at_ms', '<', beforeMs)
      .where(eb =>
        eb.exists(
          eb
            .selectFrom('server_run as later')
            .select('later.server_id')
            .whereRef('later.server_id', '=', 'server_run.server_id')
            .whereRef('later.started_at_ms', '>', 'server_run.started_at_ms')
            .where('later.started_at_ms', '<', beforeMs)
        )
      )
      .execute();
    const day = Math.floor(this.nowMs() / DAY_MS) - TALLY_DAYS;
    await db.deleteFrom('kernel_time').where('day', '<', day).execute();
    await db.deleteFrom('further_kernel_time').where('day', '<', day).execute();
    return deleted;
  }

  private async appendIn(
    db: Transaction<ITables>,
    speaker: ISpeakerRows,
    { head, events, runs, speaker: { hub } }: IIncomingEvents
  ): ReturnType<IServerEventWriter['append']> {
    const receivedAtMs = this.nowMs();
    const { serverId } = speaker;
    const before = await this.seqOf(db, serverId, head.boot, receivedAtMs);
    const seq = Math.max(before, head.first + head.count - 1);
    await db
      .updateTable('event_stream')
      .set({ seq, seen_at_ms: receivedAtMs })
      .where('server_id', '=', serverId)
      .where('boot', '=', head.boot)
      .execute();
    await keepRuns(db, serverId, runs);
    const stored: IStoredEvent[] = [];
    for (const [i, event] of events.entries()) {
      if (event === null || head.first + i <= before) {
        continue;
      }
      const atMs = Math.min(event.atMs, receivedAtMs);
      const run = await runAt(db, serverId, atMs);
      const place = { node: run?.node ?? null, image: run?.image ?? head.image };
      if (event.kind === 'kernels') {
        await addKernelTime(db, this.further.has(hub) ? hub : null, Math.floor(atMs / DAY_MS), place, event);
        stored.push({ event, node: place.node });
        continue;
      }
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('server_event')
        .values({
          server_id: serverId,
          person_id: speaker.personId,
          group_set_id: speaker.groupSetId,
          event_id: event.id,
          kind: event.kind,
          at_ms: atMs,
          received_at_ms: receivedAtMs,
          cause: event.kind === 'death' ? event.cause : null,
          ...place,
          body: JSON.stringify(event)
        })
        // A companion that began anew tells deaths again that it is not sure of.
        .onConflict(conflict => conflict.columns(['server_id', 'event_id']).doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows === 1n) {
        stored.push({ event, node: place.node });
      }
    }
    return { seq, stored };
  }

  /** The number of the last event that is stored; its row is ours until the end of the transaction. */
  private async seqOf(
    db: Transaction<ITables>,
    serverId: number,
    boot: string,
    nowMs: number
  ): Promise<number> {
    await db
      .insertInto('event_stream')
      .values({ server_id: serverId, boot, seq: 0, seen_at_ms: nowMs })
      .onConflict(conflict => conflict.doNothing())
      .execute();
    const row = db
      .selectFrom('event_stream')
      .select('seq')
      .where('server_id', '=', serverId)
      .where('boot', '=', boot);
    const { seq } = await (
      this.database.kind === 'postgres' ? row.forUpdate() : row
    ).executeTakeFirstOrThrow();
    return seq;
  }
}

async function keepRuns(
  db: Transaction<ITables>,
  serverId: number,
  runs: readonly IServerRun[]
): Promise<void> {
  if (runs.length > 0) {
    await db
      .insertInto('server_run')
      .values(
        runs.map(({ startedAtMs, node, image }) => ({
          server_id: serverId,
          started_at_ms: startedAtMs,
          node,
          image
        }))
      )
      .onConflict(conflict => conflict.doNothing())
      .execute();
  }
}

/** Where the server ran then. */
function runAt(db: Transaction<ITables>, serverId: number, atMs: number) {
  return db
    .selectFrom('server_run')
    .select(['node', 'image'])
    .where('server_id', '=', serverId)
    .where('started_at_ms', '<=', atMs + SKEW_MS)
    .orderBy('started_at_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** @param hub - a further one; null = the first. */
async function addKernelTime(
  db: Transaction<ITables>,
  hub: string | null,
  day: number,
  { node, image }: { readonly node: string | null; readonly image: string | null },
  { started, kernelMs }: { readonly started: number; readonly kernelMs: number }
): Promise<void> {
  const time = { day, node: node ?? '', image: image ?? '', started, kernel_ms: kernelMs };
  if (hub !== null) {
    await db
      .insertInto('further_kernel_time')
      .values({ hub, ...time })
      .onConflict(conflict =>
        conflict.columns(['hub', 'day', 'node', 'image']).doUpdateSet(eb => ({
          started: atMost(eb('further_kernel_time.started', '+', eb.ref('excluded.started')), MOST_STARTED),
          kernel_ms: atMost(
            eb('further_kernel_time.kernel_ms', '+', eb.ref('excluded.kernel_ms')),
            MOST_KERNEL_MS
          )
        }))
      )
      .execute();
    return;
  }
  await db
    .insertInto('kernel_time')
    .values(time)
    .onConflict(conflict =>
      conflict.columns(['day', 'node', 'image']).doUpdateSet(eb => ({
        started: atMost(eb('kernel_time.started', '+', eb.ref('excluded.started')), MOST_STARTED),
        kernel_ms: atMost(eb('kernel_time.kernel_ms', '+', eb.ref('excluded.kernel_ms')), MOST_KERNEL_MS)
      }))
    )
    .execute();
}

/** The smaller one; SQLite and PostgreSQL call it by different names. */
function atMost(sum: Expression<number>, most: number): RawBuilder<number> {
  return sql<number>`case when ${sum} > ${sql.lit(most)} then ${sql.lit(most)} else ${sum} end`;
}

/** Deletes all events of a person: for her erasure. */
export async function forgetEvents(db: Transaction<ITables>, personId: number): Promise<void> {
  await db.deleteFrom('server_event').where('person_id', '=', personId).execute();
  const servers = db.selectFrom('server').select('id').where('person_id', '=', personId);
  await db.deleteFrom('event_stream').where('server_id', 'in', servers).execute();
  await db.deleteFrom('server_run').where('server_id', 'in', servers).execute();
}
