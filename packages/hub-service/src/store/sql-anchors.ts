import { canonicalJson } from '@labkeeper/core';
import { parseShape, SignedDigest, SignedRotation, type Anchor } from '@labkeeper/protocol';
import type { IAnchoredDigest } from '../anchors/anchor-target.js';
import { sha256Hex } from '../sha256.js';
import type { IDatabase } from './database.js';

/** How it stands with one target. */
export interface ITargetState {
  /** Failures since the last success. */
  readonly tries: number;
  readonly nextAtMs: number;
  readonly trouble: string | null;
  readonly altered: string | null;
  /** The newest digest that it has; null = none. */
  readonly newest: number | null;
  readonly newestAtMs: number | null;
  /** Digests that it does not have. */
  readonly waiting: number;
  /** When the oldest of them was signed, epoch ms; null = none waits. */
  readonly waitingSinceMs: number | null;
}

/** Digests that are read at a time. */
const AT_A_TIME = 200;

/** Which digests are anchored where. */
export class SqlAnchors {
  constructor(private readonly database: IDatabase) {}

  /** Digests that a target does not have, the oldest first. */
  async waiting(target: string, limit: number): Promise<readonly IAnchoredDigest[]> {
    const rows = await this.missing(target)
      .select(['digest.number', 'digest.signed'])
      .orderBy('digest.number')
      .limit(limit)
      .execute();
    return this.read(rows);
  }

  /** Those that it has, in order. */
  async *anchored(target: string): AsyncGenerator<IAnchoredDigest> {
    for (let after = -1; ;) {
      const rows = await this.database.read
        .selectFrom('anchor')
        .innerJoin('digest', 'digest.number', 'anchor.digest')
        .select(['digest.number', 'digest.signed'])
        .where('anchor.target', '=', target)
        .where('digest.number', '>', after)
        .orderBy('digest.number')
        .limit(AT_A_TIME)
        .execute();
      const last = rows.at(-1);
      if (!last) {
        return;
      }
      yield* await this.read(rows);
      after = last.number;
    }
  }

  /** It has it now. Twice is once. */
  async keep(target: string, anchor: Anchor): Promise<void> {
    const { digest, storedAtMs } = anchor;
    await this.database.write
      .insertInto('anchor')
      .values({ target, digest, anchor: canonicalJson(anchor), stored_at_ms: storedAtMs })
      .onConflict(conflict => conflict.doNothing())
      .execute();
  }

  /** How the last try went. @param altered - undefined = nobody looked. */
  async tell(
    target: string,
    state: Pick<ITargetState, 'tries' | 'nextAtMs' | 'trouble'> & { readonly atMs: number },
    altered?: string | null
  ): Promise<void> {
    const row = {
      tries: state.tries,
      tried_at_ms: state.atMs,
      next_at_ms: state.nextAtMs,
      trouble: state.trouble,
      ...(altered === undefined ? {} : { altered })
    };
    await this.database.write
      .insertInto('anchor_target')
      .values({ target, ...row })
      .onConflict(conflict => conflict.column('target').doUpdateSet(row))
      .execute();
  }

  async state(target: string): Promise<ITargetState> {
    const db = this.database.read;
    const told = await db
      .selectFrom('anchor_target')
      .selectAll()
      .where('target', '=', target)
      .executeTakeFirst();
    const newest = await db
      .selectFrom('anchor')
      .select(['digest', 'stored_at_ms'])
      .where('target', '=', target)
      .orderBy('digest', 'desc')
      .limit(1)
      .executeTakeFirst();
    const { waiting, since } = await this.missing(target)
      .select(({ fn }) => [
        fn.countAll<number | string>().as('waiting'),
        fn.min('digest.closed_at_ms').as('since')
      ])
      .executeTakeFirstOrThrow();
    return {
      tries: told?.tries ?? 0,
      nextAtMs: told?.next_at_ms ?? 0,
      trouble: told?.trouble ?? null,
      altered: told?.altered ?? null,
      newest: newest?.digest ?? null,
      newestAtMs: newest?.stored_at_ms ?? null,
      waiting: Number(waiting),
      waitingSinceMs: Number(waiting) === 0 ? null : Number(since)
    };
  }

  /** Digests that a target does not have and that were closed before a moment, epoch ms. */
  async late(target: string, beforeMs: number): Promise<number> {
    if (!Number.isFinite(beforeMs)) {
      return 0;
    }
    const { late } = await this.missing(target)
      .select(({ fn }) => fn.countAll<number | string>().as('late'))
      .where('digest.closed_at_ms', '<', beforeMs)
      .executeTakeFirstOrThrow();
    return Number(late);
  }

  private missing(target: string) {
    return this.database.read
      .selectFrom('digest')
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('anchor')
              .select('anchor.digest')
              .where('anchor.target', '=', target)
              .whereRef('anchor.digest', '=', 'digest.number')
          )
        )
      );
  }

  private async read(
    rows: readonly { readonly number: number; readonly signed: string }[]
  ): Promise<readonly IAnchoredDigest[]> {
    if (rows.length === 0) {
      return [];
    }
    const db = this.database.read;
    const keys = await db.selectFrom('signing_key').select(['id', 'public_key']).execute();
    const publicKeys = new Map(keys.map(({ id, public_key }) => [id, public_key]));
    const signed = await db.selectFrom('key_rotation').select('signed').orderBy('id').execute();
    const rotations = signed.map(({ signed: text }) => there(parseShape(SignedRotation, text)));
    return rows.map(({ signed: text }) => {
      const digest = there(parseShape(SignedDigest, text));
      const publicKey = there(publicKeys.get(digest.key));
      return { digest, text, sha256: sha256Hex(text), publicKey, rotations };
    });
  }
}

function there<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) {
    throw new Error('A digest, or the key that signed it, cannot be read in the database.');
  }
  return value;
}
