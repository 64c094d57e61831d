import { monthAt } from '@labkeeper/core';
import { LogEntry, parseShape } from '@labkeeper/protocol';
import { sql, type Kysely, type SelectQueryBuilder } from 'kysely';
import { actOf } from './act-entry.js';
import { actFacts } from './act-facts.js';
import type { IDatabase } from './database.js';
import { filterIds, matching, type IFilterIds } from './log-filter.js';
import { STATUS_CAP } from './log-reader.js';
import type {
  ILogFilter,
  ILogPlace,
  ILogReader,
  ILogRow,
  ILogStatus,
  ILogStory,
  ILook,
  INewRows
} from './log-reader.js';
import { newestOfMany } from './newest-of-many.js';
import { openPersonal, placeOf } from './personal-cipher.js';
import { linesAt } from './record-lines.js';
import type { IRecordTable, ITables } from './tables.js';

/** A stream that sent something in this time is live, in ms. */
const LIVE_MS = 600_000;
/** Records that came since somebody looked last are looked at one by one, up to so many; with more, the view is read as a page. */
const CAME = 10_000;
/** Ends of streams that begin alike and are told, at most: two are rare already. */
const ENDS = 5;
/** Neighbours of a record that are shown, before it and after it. */
const NEIGHBOURS = 5;

/** Reads the log in SQLite or PostgreSQL. */
export class SqlLogReader implements ILogReader {
  /** @param nowMs - epoch ms. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number
  ) {
    this.db = database.read;
  }

  async list(filter: ILogFilter, after: ILogPlace | null, limit: number): Promise<readonly ILogRow[]> {
    const ids = await filterIds(this.db, filter);
    if (ids === null) {
      return [];
    }
    // Only without the default part, which may hold any time, PostgreSQL reads month by month from the newest on. Nothing
    // is later than this month unless a clock is wrong, so that looking there too costs little.
    const cutMs = monthAt(this.nowMs()).untilMs;
    if (this.database.kind === 'sqlite' || (after !== null && after.receivedAtMs < cutMs)) {
      return this.page(filter, ids, after, limit);
    }
    const [later, usual] = await Promise.all([
      this.page({ ...filter, fromMs: Math.max(filter.fromMs ?? cutMs, cutMs) }, ids, after, limit),
      this.page({ ...filter, untilMs: Math.min(filter.untilMs ?? cutMs, cutMs) }, ids, after, limit)
    ]);
    return [...later, ...usual].slice(0, limit);
  }

  async end(): Promise<number> {
    const { next_index } = await this.db
      .selectFrom('log_head')
      .select('next_index')
      .executeTakeFirstOrThrow();
    return next_index;
  }

  async newer(filter: ILogFilter, than: number, limit: number): Promise<INewRows> {
    // Indexes are in the order of the commits: below the end nothing comes any more.
    const endIndex = await this.end();
    const came = endIndex - than - 1;
    if (came <= 0) {
      return { rows: [], endIndex };
    }
    if (came > CAME) {
      const rows = await this.list(filter, null, limit);
      return { rows: rows.filter(({ index }) => index > than && index < endIndex), endIndex };
    }
    const ids = await filterIds(this.db, filter);
    if (ids === null) {
      return { rows: [], endIndex };
    }
    // The limit keeps databases from walking the whole log, from the newest on, in search of the few that the filter means.
    const since = sql<IRecordTable>`(select * from record where idx > ${than} and idx < ${endIndex}
      order by idx desc limit ${CAME})`;
    const query = matching(this.db, filter, ids, since).orderBy('record.idx', 'desc').limit(limit);
    return { rows: await this.rows(query), endIndex };
  }

  async count(filter: ILogFilter, cap: number): Promise<number> {
    const ids = await filterIds(this.db, filter);
    if (ids === null) {
      return 0;
    }
    const some = matching(this.db, filter, ids).select('idx').limit(cap);
    const { count } = await this.db
      .selectFrom(some.as('some'))
      .select(eb => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return count;
  }

  async story(index: number): Promise<ILogStory | null> {
    const found = await this.db
      .selectFrom('record')
      .innerJoin('stream', 'stream.id', 'record.stream_id')
      .leftJoin('stream_image', 'stream_image.stream_id', 'record.stream_id')
      .select(['record.stream_id', 'record.seq', 'record.received_at_ms', 'record.person_id'])
      .select(['stream.uuid as stream', 'stream_image.image'])
      .where('record.idx', '=', index)
      .executeTakeFirst();
    if (!found) {
      return null;
    }
    // From here on its month is known.
    const place = { index, receivedAtMs: found.received_at_ms };
    const entry = (await linesAt(this.db, [place])).get(index);
    const [row] = await this.rows(
      this.db.selectFrom('record').where('idx', '=', index).where('received_at_ms', '=', place.receivedAtMs)
    );
    if (entry === undefined || !row) {
      return null;
    }
    const near = await this.rows(
      this.db
        .selectFrom('record')
        .where('stream_id', '=', found.stream_id)
        .where('seq', '>=', found.seq - NEIGHBOURS)
        .where('seq', '<=', found.seq + NEIGHBOURS)
    );
    const { personal, personalErased } = await this.personal(place, { ...found, entry });
    const act = actOf(entry)?.act;
    return {
      row,
      entry,
      personal,
      personalErased,
      stream: found.stream,
      image: found.image,
      seq: found.seq,
      act: act ? await actFacts(this.db, act) : null,
      digest: await this.digestOf(index),
      // In one stream indexes grow as sequence numbers do.
      neighbours: near.filter(other => other.index !== index).sort((a, b) => a.index - b.index)
    };
  }

  async streamEnds(head: string, hubs: readonly string[] | null): Promise<readonly number[]> {
    // Every stream is looked at, of which there are far fewer than records: an index of heads would cost each append.
    const ends = this.db
      .selectFrom('stream')
      .innerJoin('record', join =>
        join.onRef('record.stream_id', '=', 'stream.id').onRef('record.seq', '=', 'stream.seq')
      )
      .select('record.idx')
      .where('stream.head', 'like', `${head}%`)
      .limit(ENDS);
    const rows = await (
      hubs === null
        ? ends
        : ends
            .innerJoin('hub', 'hub.id', 'record.hub_id')
            // The first of them are told: those of others must not take their place.
            .where('hub.name', 'in', hubs)
    ).execute();
    return rows.map(({ idx }) => idx);
  }

  async looked(...looks: readonly ILook[]): Promise<void> {
    const at_ms = this.nowMs();
    await this.database.write
      .insertInto('look')
      .values(looks.map(({ hub, reader, kind, query }) => ({ at_ms, hub, reader, kind, query })))
      .execute();
  }

  async looks(
    limit: number,
    hub: string | null = null
  ): Promise<readonly (ILook & { readonly atMs: number })[]> {
    const looks = this.db.selectFrom('look').select(['at_ms as atMs', 'hub', 'reader', 'kind', 'query']);
    const rows = await (hub === null ? looks : looks.where('hub', '=', hub))
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map(row => ({ ...row, kind: lookKind(row.kind) }));
  }

  async status(hub: string | null = null): Promise<ILogStatus> {
    const all = await this.wholeStatus();
    return hub === null ? all : { ...all, ...(await this.hubStatus(hub, all.records - all.uncovered)) };
  }

  /** What differs for one hub. @param covered - index of the first record that no digest covers. */
  private async hubStatus(
    hub: string,
    covered: number
  ): Promise<Pick<ILogStatus, 'records' | 'liveStreams' | 'newestMs' | 'uncovered'>> {
    const own = this.db.selectFrom('hub').select('id').where('name', '=', hub);
    const records = this.db.selectFrom('record').select('received_at_ms').where('hub_id', '=', own);
    const count = async (some: typeof records): Promise<number> => {
      const { count: found } = await this.db
        .selectFrom(some.limit(STATUS_CAP).as('some'))
        .select(eb => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return Number(found);
    };
    const newest = await records
      .orderBy('received_at_ms', 'desc')
      .orderBy('idx', 'desc')
      .limit(1)
      .executeTakeFirst();
    const { count: liveStreams } = await this.db
      .selectFrom('stream')
      .innerJoin('server', 'server.id', 'stream.server_id')
      .innerJoin('person', 'person.id', 'server.person_id')
      .select(eb => eb.fn.countAll<number>().as('count'))
      .where('stream.seen_at_ms', '>', this.nowMs() - LIVE_MS)
      .where('person.hub_id', '=', own)
      .executeTakeFirstOrThrow();
    return {
      records: await count(records),
      liveStreams: Number(liveStreams),
      newestMs: newest?.received_at_ms ?? null,
      uncovered: await count(records.where('idx', '>=', covered))
    };
  }

  private async wholeStatus(): Promise<ILogStatus> {
    const { next_index: records } = await this.db
      .selectFrom('log_head')
      .select('next_index')
      .executeTakeFirstOrThrow();
    const { count: liveStreams } = await this.db
      .selectFrom('stream')
      .select(eb => eb.fn.countAll<number>().as('count'))
      .where('seen_at_ms', '>', this.nowMs() - LIVE_MS)
      .executeTakeFirstOrThrow();
    const newest = await this.db
      .selectFrom('record')
      .select(eb => eb.fn.max<number | null>('received_at_ms').as('atMs'))
      .executeTakeFirstOrThrow();
    const digest = await this.db
      .selectFrom('digest')
      .select(['number', 'first_index', 'count'])
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    return {
      records,
      liveStreams,
      newestMs: newest.atMs,
      digests: digest ? digest.number + 1 : 0,
      uncovered: records - (digest ? digest.first_index + digest.count : 0)
    };
  }

  /** The newest records that a filter means, as far as they come after a place. */
  private page(
    filter: ILogFilter,
    ids: IFilterIds,
    after: ILogPlace | null,
    limit: number
  ): Promise<ILogRow[]> {
    const narrow = (query: SelectQueryBuilder<ITables, 'record', object>) =>
      after === null
        ? query
        : query
            // As one comparison of a pair: it is where the index is entered.
            .where(
              sql<boolean>`(record.received_at_ms, record.idx) < (${after.receivedAtMs}, ${after.index})`
            )
            // A pair does not tell PostgreSQL which months are out of the question.
            .where('record.received_at_ms', '<=', after.receivedAtMs);
    const query =
      (this.database.kind === 'postgres' ? newestOfMany(this.db, filter, ids, narrow, limit) : null) ??
      narrow(matching(this.db, filter, ids));
    // The order begins with the received time, as the months do.
    return this.rows(query.orderBy('received_at_ms', 'desc').orderBy('idx', 'desc').limit(limit));
  }

  /** Names are looked up for the rows of the page alone. */
  private async rows(query: SelectQueryBuilder<ITables, 'record', object>): Promise<ILogRow[]> {
    return this.db
      .selectFrom(query.selectAll('record').as('r'))
      .innerJoin('hub', 'hub.id', 'r.hub_id')
      .innerJoin('person', 'person.id', 'r.person_id')
      .innerJoin('server', 'server.id', 'r.server_id')
      .select([
        'r.received_at_ms as receivedAtMs',
        'r.idx as index',
        'hub.name as hub',
        'person.name as user',
        'server.name as server',
        'r.occurred_at_ms as occurredAtMs',
        'r.action',
        'r.ecosystem',
        'r.package_name as packageName',
        'r.package_version as packageVersion',
        'r.tool',
        'r.effect',
        'r.grade'
      ])
      .orderBy('r.received_at_ms', 'desc')
      .orderBy('r.idx', 'desc')
      .execute();
  }

  private async personal(
    { index, receivedAtMs }: ILogPlace,
    { stream, seq, entry, person_id }: IFoundStory
  ): Promise<Pick<ILogStory, 'personal' | 'personalErased'>> {
    const found = await this.db
      .selectFrom('personal')
      .select(['sealed', 'person_id'])
      .where('idx', '=', index)
      .where('received_at_ms', '=', receivedAtMs)
      .executeTakeFirst();
    if (!found) {
      // Its hash stays in the record when it is gone.
      const promised = parseShape(LogEntry, entry)?.record?.personal ?? null;
      return { personal: null, personalErased: promised !== null && (await this.isErased(person_id)) };
    }
    const key = (await this.database.personKeys.read(this.db, [found.person_id])).get(found.person_id);
    return key
      ? { personal: openPersonal(key, placeOf(stream, seq), found.sealed), personalErased: false }
      : { personal: null, personalErased: true };
  }

  /** Whether the key of a record's person is gone. */
  private async isErased(person: number): Promise<boolean> {
    const kept = await this.db
      .selectFrom('person_key')
      .select('person_id')
      .where('person_id', '=', person)
      .executeTakeFirst();
    return kept === undefined;
  }

  private async digestOf(index: number): Promise<number | null> {
    const digest = await this.db
      .selectFrom('digest')
      .select(['number', 'first_index', 'count'])
      .where('first_index', '<=', index)
      .orderBy('first_index', 'desc')
      .limit(1)
      .executeTakeFirst();
    return digest && index < digest.first_index + digest.count ? digest.number : null;
  }

  private readonly db: Kysely<ITables>;
}

/** What a story is put together from. */
interface IFoundStory {
  readonly stream: string;
  readonly seq: number;
  readonly entry: string;
  readonly person_id: number;
}

const LOOKS = [
  'list',
  'follow',
  'story',
  'export',
  'holders',
  'looks',
  'holds',
  'deaths',
  'requests',
  'outgoing'
] as const satisfies readonly ILook['kind'][];

function lookKind(text: string): ILook['kind'] {
  const kind = LOOKS.find(name => name === text);
  if (kind === undefined) {
    throw new Error(`There is a look of the unknown kind "${text}" in the database.`);
  }
  return kind;
}
