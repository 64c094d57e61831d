import { randomUUID } from 'node:crypto';
import { NO_HASH } from '@labkeeper/core';
import type { Kysely } from 'kysely';
import { byKey, findOrMake } from './find-or-make.js';
import type { IKnownStream } from './identities.js';
import type { ITables } from './tables.js';

/** A stream as batches name it. */
export interface IWantedStream {
  readonly server: number;
  readonly boot: string;
  /** Its first batch is here: it may come into being now. */
  readonly isBegun: boolean;
}

export function streamKey({ server, boot }: Pick<IWantedStream, 'server' | 'boot'>): string {
  return `${server} ${boot}`;
}

/** @param nowMs - epoch ms. @returns those that are there, by `streamKey`. */
export async function learnStreams(
  db: Kysely<ITables>,
  wanted: readonly IWantedStream[],
  nowMs: number
): Promise<ReadonlyMap<string, IKnownStream>> {
  return findOrMake(
    byKey(wanted, streamKey),
    async all => {
      const rows = await db
        .selectFrom('stream')
        .select(['id', 'uuid', 'server_id as server', 'boot'])
        .where('server_id', 'in', [...new Set(all.map(({ server }) => server))])
        .where('boot', 'in', [...new Set(all.map(({ boot }) => boot))])
        .execute();
      return byKey(rows, streamKey);
    },
    async missing => {
      const begun = missing.filter(({ isBegun }) => isBegun);
      if (begun.length > 0) {
        await db
          .insertInto('stream')
          .values(
            begun.map(({ server, boot }) => ({
              ...{ uuid: randomUUID(), server_id: server, boot },
              ...{ seq: 0, head: NO_HASH, seen_at_ms: nowMs }
            }))
          )
          .onConflict(conflict => conflict.doNothing())
          .execute();
      }
    }
  );
}
