import {
  canonicalJson,
  digestText,
  MerkleRoot,
  NO_HASH,
  type IDigestBody,
  type ISignedDigest
} from '@labkeeper/core';
import { sql, type Kysely } from 'kysely';
import { ADVISORY_LOCKS } from '../store/advisory-locks.js';
import type { IKeys } from '../keys/keys.js';
import { sha256, sha256Hex } from '../sha256.js';
import type { IDatabase } from '../store/database.js';
import { LogRange } from '../store/log-range.js';
import type { ITables } from '../store/tables.js';

/** Records of one digest, at most: a proof needs all its leaves. */
export const DIGEST_RECORDS = 65_536;
/** Number of PostgreSQL's advisory lock for "writes digests": any, but always the same. */
const DIGEST_LOCK = ADVISORY_LOCKS.digests;

export interface IDigestMakerOptions {
  readonly database: IDatabase;
  readonly keys: IKeys;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** Signs digests over the records that have none yet. Of several replicas one at a time does. */
export class DigestMaker {
  constructor(private readonly options: IDigestMakerOptions) {
    this.range = new LogRange(options.database);
  }

  /**
   * Covers every record that is in the log when it begins.
   *
   * @returns the digests that were made: none where nothing is uncovered, or another replica is at it.
   * @throws when a record is missing, or the database fails. What was made before that stays.
   */
  async make(): Promise<readonly ISignedDigest[]> {
    // The log's head moves inside the transaction that appends, so all that is below it is there.
    const endIndex = await this.range.end();
    const made: ISignedDigest[] = [];
    for (;;) {
      const digest = await this.alone(db => this.makeOne(db, endIndex));
      if (digest === null) {
        return made;
      }
      made.push(digest);
    }
  }

  /** @returns null = another replica is at it. SQLite has none, and a transaction would hold up whoever appends. */
  private async alone<T>(make: (db: Kysely<ITables>) => Promise<T | null>): Promise<T | null> {
    const { kind, write } = this.options.database;
    if (kind === 'sqlite') {
      return make(write);
    }
    return write.transaction().execute(async db => {
      const lock = sql<{ locked: boolean }>`select pg_try_advisory_xact_lock(${DIGEST_LOCK}) as locked`;
      const { rows } = await lock.execute(db);
      return rows[0]?.locked === true ? make(db) : null;
    });
  }

  private async makeOne(db: Kysely<ITables>, endIndex: number): Promise<ISignedDigest | null> {
    const { keys, nowMs } = this.options;
    const before = await db
      .selectFrom('digest')
      .select(['number', 'first_index', 'count', 'signed'])
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    const firstIndex = before ? before.first_index + before.count : 0;
    const count = Math.min(endIndex - firstIndex, DIGEST_RECORDS);
    if (count <= 0) {
      return null;
    }
    const root = new MerkleRoot(sha256);
    for await (const leaf of this.range.leaves(firstIndex, firstIndex + count)) {
      root.add(leaf);
    }
    const body: IDigestBody = {
      log: await this.range.log(),
      number: before ? before.number + 1 : 0,
      firstIndex,
      count,
      root: Buffer.from(root.root()).toString('hex'),
      previous: before ? sha256Hex(before.signed) : NO_HASH,
      closedAtMs: nowMs()
    };
    const digest: ISignedDigest = { body, key: keys.signingKeyId, signature: keys.sign(digestText(body)) };
    await db
      .insertInto('digest')
      .values({
        number: body.number,
        first_index: firstIndex,
        count,
        signed: canonicalJson(digest),
        closed_at_ms: body.closedAtMs
      })
      .execute();
    return digest;
  }

  private readonly range: LogRange;
}
