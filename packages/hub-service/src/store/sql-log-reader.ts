import { LogEntry, parseShape } from '@labkeeper/protocol';
import { sql, type Kysely, type SelectQueryBuilder } from 'kysely';
import type { IDatabase } from './database.js';
import { filterIds, matching } from './log-filter.js';
import type {
  ILogFilter,
  ILogPlace,
  ILogReader,
  ILogRow,
  ILogStatus,
  ILogStory,
  ILook
} from './log-reader.js';
import { newestOfMany } from './newest-of-many.js';
import { openPersonal, placeOf } from './personal-cipher.js';
import type { ITables } from './tables.js';

/** A stream that sent something in this time is live, in ms. */
const LIVE_MS = 600_000;
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
    const narrow = (query: SelectQueryBuilder<ITables, 'record', object>) =>
      after === null
        ? query
        : // As one comparison of a pair: it is where the index is entered.
          query.where(
            sql<boolean>`(record.received_at_ms, record.idx) < (${after.receivedAtMs}, ${after.index})`
          );
    const query =
      (this.database.kind === 'postgres' ? newestOfMany(this.db, filter, ids, narrow, limit) : null) ??
      narrow(matching(this.db, filter, ids));
    // The order begins with the received time, as partitions of the table will.
    return this.rows(query.orderBy('received_at_ms', 'desc').orderBy('idx', 'desc').limit(limit));
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
      .innerJoin('record_body', join =>
        join
          .onRef('record_body.idx', '=', 'record.idx')
          .onRef('record_body.received_at_ms', '=', 'record.received_at_ms')
      )
      .innerJoin('stream', 'stream.id', 'record.stream_id')
      .leftJoin('stream_image', 'stream_image.stream_id', 'record.stream_id')
      .select(['record.stream_id', 'record.seq', 'record_body.entry', 'stream.uuid as stream'])
      .select('stream_image.image')
      .where('record.idx', '=', index)
      .executeTakeFirst();
    const [row] = await this.rows(this.db.selectFrom('record').where('idx', '=', index));
    if (!found || !row) {
      return null;
    }
    const near = await this.rows(
      this.db
        .selectFrom('record')
        .where('stream_id', '=', found.stream_id)
        .where('seq', '>=', found.seq - NEIGHBOURS)
        .where('seq', '<=', found.seq + NEIGHBOURS)
    );
    const { personal, personalErased } = await this.personal(index, found);
    return {
      row,
      entry: found.entry,
      personal,
      personalErased,
      stream: found.stream,
      image: found.image,
      seq: found.seq,
      digest: await this.digestOf(index),
      // In one stream indexes grow as sequence numbers do.
      neighbours: near.filter(other => other.index !== index).sort((a, b) => a.index - b.index)
    };
  }

  async looked({ hub, reader, kind, query }: ILook): Promise<void> {
    await this.database.write
      .insertInto('look')
      .values({ at_ms: this.nowMs(), hub, reader, kind, query })
      .execute();
  }

  async looks(limit: number): Promise<readonly (ILook & { readonly atMs: number })[]> {
    const rows = await this.db
      .selectFrom('look')
      .select(['at_ms as atMs', 'hub', 'reader', 'kind', 'query'])
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map(row => ({ ...row, kind: lookKind(row.kind) }));
  }

  async status(): Promise<ILogStatus> {
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
    index: number,
    { stream, seq, entry }: { readonly stream: string; readonly seq: number; readonly entry: string }
  ): Promise<Pick<ILogStory, 'personal' | 'personalErased'>> {
    const found = await this.db
      .selectFrom('personal')
      .leftJoin('person_key', 'person_key.person_id', 'personal.person_id')
      .select(['personal.sealed', 'person_key.key'])
      .where('personal.idx', '=', index)
      .executeTakeFirst();
    if (!found) {
      // Its hash stays in the record when it is gone.
      const promised = parseShape(LogEntry, entry)?.record?.personal ?? null;
      return { personal: null, personalErased: promised !== null && (await this.isErased(index)) };
    }
    return found.key === null
      ? { personal: null, personalErased: true }
      : { personal: openPersonal(found.key, placeOf(stream, seq), found.sealed), personalErased: false };
  }

  /** Whether the key of a record's person is gone. */
  private async isErased(index: number): Promise<boolean> {
    const kept = await this.db
      .selectFrom('record')
      .innerJoin('person_key', 'person_key.person_id', 'record.person_id')
      .select('record.idx')
      .where('record.idx', '=', index)
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
