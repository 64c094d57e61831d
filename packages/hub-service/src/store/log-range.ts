import type { KeyObject } from 'node:crypto';
import type { Grade } from '@labkeeper/core';
import { parseShape, SignedRotation } from '@labkeeper/protocol';
import { sql, type SelectQueryBuilder } from 'kysely';
import type { IDatabase } from './database.js';
import { filterIds, matching } from './log-filter.js';
import type { ILogFilter, ILogPlace } from './log-reader.js';
import { hasTable } from './open-existing.js';
import { openPersonal, placeOf } from './personal-cipher.js';
import { byMonth, linesAt } from './record-lines.js';
import { refuseMissing } from './refuse-missing.js';
import { storedRetirements, type IStoredRetirement } from './stored-retirements.js';
import type { ITables } from './tables.js';

/** One line of the log as it is exported. */
export interface IRangeEntry {
  readonly index: number;
  /** The exact line. */
  readonly entry: string;
  /** The exact personal part; null = there is none, it was erased, or it was not asked for. */
  readonly personal: string | null;
  /** How sure it is. */
  readonly grade: Grade;
}

/** A digest as it was signed. */
export interface IStoredDigest {
  readonly number: number;
  readonly firstIndex: number;
  readonly count: number;
  /** Canonical JSON of the signed digest. */
  readonly signed: string;
}

/** Records of one range that retention deleted. */
export interface IGoneRange {
  readonly firstIndex: number;
  readonly count: number;
  /** Their hashes as leaves, 32 bytes each; null = no record of their digest is left. */
  readonly leaves: Uint8Array | null;
}

/** The public part of a key that signed something in this log. */
export interface IPublicKey {
  readonly id: string;
  /** Raw, base64url. */
  readonly publicKey: string;
  readonly fromMs: number;
}

/** Records that are read at a time: enough to be fast, few enough to hold. */
const AT_A_TIME = 1000;
/** And of ranges that are gone, with up to 16 kB of hashes each. */
const GONE_AT_A_TIME = 200;

/** The log from one index to another, in its own order: for digests, exports and whoever follows it. */
export class LogRange {
  constructor(private readonly database: IDatabase) {}

  /** Which log this is: a UUID. */
  async log(): Promise<string> {
    const { id } = await this.database.read.selectFrom('log').select('id').executeTakeFirstOrThrow();
    return id;
  }

  /** The index after the last record. What is below it is there, and stays as it is. */
  async end(): Promise<number> {
    const { next_index } = await this.database.read
      .selectFrom('log_head')
      .select('next_index')
      .executeTakeFirstOrThrow();
    return next_index;
  }

  /**
   * Exact lines of [firstIndex, endIndex), at constant memory.
   *
   * @param filter - null = all.
   * @param isPersonal - whether personal parts are read too.
   * @param lost - told of records whose lines are not there, before the next lines come.
   * @throws unless `lost` is given, where no act of retention deleted one of them.
   */
  async *entries(
    firstIndex: number,
    endIndex: number,
    filter: ILogFilter | null,
    isPersonal: boolean,
    lost: (indexes: readonly number[]) => Promise<void> = indexes => this.refuseLost(indexes)
  ): AsyncGenerator<IRangeEntry> {
    const db = this.database.read;
    const ids = filter && (await filterIds(db, filter));
    if (filter !== null && ids === null) {
      return;
    }
    let from = firstIndex;
    for (;;) {
      const rows = await matching(db, filter ?? {}, ids ?? {})
        .innerJoin('stream', 'stream.id', 'record.stream_id')
        .select(['record.idx as index', 'record.received_at_ms as receivedAtMs', 'record.seq'])
        .select(['stream.uuid as stream', 'record.grade'])
        .where('record.idx', '>=', from)
        .where('record.idx', '<', endIndex)
        .orderBy('record.idx')
        .limit(AT_A_TIME)
        .execute();
      const last = rows.at(-1);
      if (!last) {
        return;
      }
      const lines = await linesAt(db, rows);
      const gone = rows.map(({ index }) => index).filter(index => !lines.has(index));
      if (gone.length > 0) {
        await lost(gone);
      }
      const personal = isPersonal ? await this.personal(rows) : new Map<number, IPart>();
      for (const { index, stream, seq, grade } of rows) {
        const entry = lines.get(index);
        if (entry === undefined) {
          continue;
        }
        const part = personal.get(index);
        yield {
          index,
          entry,
          grade,
          personal: part ? openPersonal(part.key, placeOf(stream, seq), part.sealed) : null
        };
      }
      from = last.index + 1;
    }
  }

  /**
   * Hashes of the entries of [firstIndex, endIndex) as leaves, 32 bytes each, also of those that retention deleted.
   *
   * @throws when one is missing.
   */
  async *leaves(firstIndex: number, endIndex: number): AsyncGenerator<Uint8Array> {
    let from = firstIndex;
    while (from < endIndex) {
      const rows = await this.database.read
        .selectFrom('record')
        .select(['idx', 'leaf'])
        .where('idx', '>=', from)
        .where('idx', '<', endIndex)
        .orderBy('idx')
        .limit(AT_A_TIME * 10)
        .execute();
      for (const { idx, leaf } of rows) {
        if (idx > from) {
          yield* this.goneLeaves(from, idx);
        }
        from = idx + 1;
        yield leaf;
      }
      if (rows.length === 0) {
        yield* this.goneLeaves(from, endIndex);
        return;
      }
    }
  }

  /** What retention deleted of [firstIndex, endIndex), in order: the first ranges of it, or nothing where it deleted nothing. */
  async gone(firstIndex: number, endIndex: number): Promise<readonly IGoneRange[]> {
    if (endIndex <= firstIndex || !(await this.hasRetired())) {
      return [];
    }
    const rows = await this.retiredIn(firstIndex, endIndex)
      .select(['first_idx', 'end_idx', 'leaves'])
      .orderBy('first_idx')
      .limit(GONE_AT_A_TIME)
      .execute();
    return rows.map(({ first_idx, end_idx, leaves }) => {
      const [begin, end] = [Math.max(first_idx, firstIndex), Math.min(end_idx, endIndex)];
      return {
        firstIndex: begin,
        count: end - begin,
        leaves: leaves && leaves.subarray((begin - first_idx) * 32, (end - first_idx) * 32)
      };
    });
  }

  /** How many records of [firstIndex, endIndex) retention deleted. */
  async goneCount(firstIndex: number, endIndex: number): Promise<number> {
    if (endIndex <= firstIndex || !(await this.hasRetired())) {
      return 0;
    }
    const { count } = await this.goneIn(firstIndex, endIndex).executeTakeFirstOrThrow();
    return Number(count ?? 0);
  }

  /**
   * How many records of [firstIndex, endIndex) are neither there nor deleted by retention. Rows are counted, by one statement:
   * what is deleted meanwhile is no loss.
   */
  async missingCount(firstIndex: number, endIndex: number): Promise<number> {
    if (endIndex <= firstIndex) {
      return 0;
    }
    const there = this.database.read
      .selectFrom('record')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('idx', '>=', firstIndex)
      .where('idx', '<', endIndex);
    const asked = (await this.hasRetired())
      ? there.select(this.goneIn(firstIndex, endIndex).as('gone'))
      : there.select(sql<number>`0`.as('gone'));
    const { count, gone } = await asked.executeTakeFirstOrThrow();
    return Math.max(0, endIndex - firstIndex - Number(count) - Number(gone ?? 0));
  }

  /**
   * The acts that deleted records of [firstIndex, endIndex), in the order of the log. One that is put down and not yet in the
   * log is waited for.
   *
   * @throws where it does not come.
   */
  async *retirements(firstIndex: number, endIndex: number): AsyncGenerator<IStoredRetirement> {
    if (await this.hasRetired()) {
      yield* storedRetirements(this.database.read, await this.log(), firstIndex, endIndex);
    }
  }

  /** The digests that touch [firstIndex, endIndex), in the order of their numbers. */
  async digests(firstIndex: number, endIndex: number): Promise<readonly IStoredDigest[]> {
    return this.database.read
      .selectFrom('digest')
      .select(['number', 'first_index as firstIndex', 'count', 'signed'])
      .where(eb => eb(eb('first_index', '+', eb.ref('count')), '>', firstIndex))
      .where('first_index', '<', endIndex)
      .orderBy('number')
      .execute();
  }

  /** What holds the digests of these numbers outside the service, each as canonical JSON, in their order. */
  async anchors(firstNumber: number, lastNumber: number): Promise<readonly string[]> {
    if (!(await hasTable(this.database, 'anchor'))) {
      return [];
    }
    const rows = await this.database.read
      .selectFrom('anchor')
      .select('anchor')
      .where('digest', '>=', firstNumber)
      .where('digest', '<=', lastNumber)
      .orderBy('digest')
      .orderBy('target')
      .execute();
    return rows.map(({ anchor }) => anchor);
  }

  /** Which image the server of a stream ran in, by the stream's UUID, as its spawner said. @param streams - at most some thousands. */
  async images(streams: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (streams.length === 0 || !(await this.has('stream_image'))) {
      return new Map();
    }
    const rows = await this.database.read
      .selectFrom('stream')
      .innerJoin('stream_image', 'stream_image.stream_id', 'stream.id')
      .select(['stream.uuid', 'stream_image.image'])
      .where('stream.uuid', 'in', streams)
      .execute();
    return new Map(rows.map(({ uuid, image }) => [uuid, image]));
  }

  /** null = there is none yet. */
  async newestDigest(): Promise<IStoredDigest | null> {
    const found = await this.database.read
      .selectFrom('digest')
      .select(['number', 'first_index as firstIndex', 'count', 'signed'])
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    return found ?? null;
  }

  /** Every change of the key that the old key signed, the oldest first. @throws when one cannot be read. */
  async rotations(): Promise<readonly SignedRotation[]> {
    if (!(await hasTable(this.database, 'key_rotation'))) {
      return [];
    }
    const rows = await this.database.read.selectFrom('key_rotation').select('signed').orderBy('id').execute();
    return rows.map(({ signed }) => {
      const rotation = parseShape(SignedRotation, signed);
      if (!rotation) {
        throw new Error('A change of the key in the database cannot be read.');
      }
      return rotation;
    });
  }

  /** All keys that this log was ever signed with, the oldest first. */
  async keys(): Promise<readonly IPublicKey[]> {
    return this.database.read
      .selectFrom('signing_key')
      .select(['id', 'public_key as publicKey', 'from_ms as fromMs'])
      .orderBy('from_ms')
      .orderBy('id')
      .execute();
  }

  private goneIn(
    firstIndex: number,
    endIndex: number
  ): SelectQueryBuilder<ITables, 'retired', { count: number | null }> {
    return this.retiredIn(firstIndex, endIndex).select(({ fn, eb }) =>
      fn
        .sum<number | null>(
          eb(
            eb.case().when('end_idx', '>', endIndex).then(endIndex).else(eb.ref('end_idx')).end(),
            '-',
            eb.case().when('first_idx', '<', firstIndex).then(firstIndex).else(eb.ref('first_idx')).end()
          )
        )
        .as('count')
    );
  }

  /** What retention deleted that lies in [firstIndex, endIndex), read from there on: an old log has millions before it. */
  private retiredIn(firstIndex: number, endIndex: number) {
    return (
      this.database.read
        .selectFrom('retired')
        .where('first_idx', '<', endIndex)
        .where('end_idx', '>', firstIndex)
        // Where to begin reading: ranges lie apart from each other.
        .where(({ eb, fn, selectFrom }) =>
          eb(
            'first_idx',
            '>=',
            fn.coalesce(
              selectFrom('retired as before')
                .select(before => before.fn.max('before.first_idx').as('first'))
                .where('before.first_idx', '<=', firstIndex),
              eb.val(firstIndex)
            )
          )
        )
    );
  }

  /** Retention may have deleted them between the two looks. */
  private refuseLost(indexes: readonly number[]): Promise<void> {
    return refuseMissing(
      this,
      indexes.map(index => [index, index + 1] as const)
    );
  }

  private async *goneLeaves(firstIndex: number, endIndex: number): AsyncGenerator<Uint8Array> {
    for (let from = firstIndex; from < endIndex;) {
      const before = from;
      for (const { firstIndex: begin, count, leaves } of await this.gone(from, endIndex)) {
        if (begin !== from || leaves === null) {
          break;
        }
        for (let at = 0; at < count; at += 1) {
          yield leaves.subarray(at * 32, (at + 1) * 32);
        }
        from += count;
      }
      if (from === before) {
        throw new Error(`Record ${from} is missing from the log.`);
      }
    }
  }

  /** An export beside a service of an older version finds no such table. */
  private hasRetired(): Promise<boolean> {
    return this.has('retired');
  }

  /** Asked once, unless the database did not answer: then the next who needs it asks again. */
  private async has(table: keyof ITables): Promise<boolean> {
    const found = this.tables.get(table) ?? (await hasTable(this.database, table));
    this.tables.set(table, found);
    return found;
  }

  private async personal(places: readonly ILogPlace[]): Promise<Map<number, IPart>> {
    const { read, personKeys } = this.database;
    const parts = new Map<number, IPart>();
    for (const { indexes, firstMs, lastMs } of byMonth(places)) {
      const rows = await read
        .selectFrom('personal')
        .select(['idx', 'sealed', 'person_id'])
        .where('idx', 'in', indexes)
        .where('received_at_ms', '>=', firstMs)
        .where('received_at_ms', '<=', lastMs)
        .execute();
      const keys = await personKeys.read(
        read,
        rows.map(({ person_id }) => person_id)
      );
      for (const { idx, sealed, person_id } of rows) {
        const key = keys.get(person_id);
        if (key) {
          parts.set(idx, { sealed, key });
        }
      }
    }
    return parts;
  }

  /** Which tables there are, as far as it was asked. */
  private readonly tables = new Map<keyof ITables, boolean>();
}

/** A personal part whose person was not erased. */
interface IPart {
  readonly sealed: Uint8Array;
  readonly key: KeyObject;
}
