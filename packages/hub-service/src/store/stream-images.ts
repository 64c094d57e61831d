import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { serverKey } from '../hub-api/running-servers-api.js';
import type { IDatabase } from './database.js';
import type { IServerRun } from './server-events.js';
import type { ITables } from './tables.js';

/** A stream that sent something in this time belongs to the run that its server has now, in ms. */
const LIVE_MS = 120_000;
/** Streams that a filter names one by one, at most. */
const STREAMS = 5000;

/** Puts down which image each stream's server runs in: spawners tell it, and no container. */
export class StreamImages {
  /** @param hub - whose runs are told. @param nowMs - epoch ms. */
  constructor(
    private readonly database: IDatabase,
    private readonly hub: string,
    private readonly nowMs: () => number
  ) {}

  /** @param runs - of servers that run now, by `serverKey`. */
  async note(runs: ReadonlyMap<string, IServerRun>): Promise<void> {
    const streams = await this.database.read
      .selectFrom('stream')
      .innerJoin('server', 'server.id', 'stream.server_id')
      .innerJoin('person', 'person.id', 'server.person_id')
      .innerJoin('hub', 'hub.id', 'person.hub_id')
      .leftJoin('stream_image', 'stream_image.stream_id', 'stream.id')
      .select(['stream.id', 'person.name as user', 'server.name as server'])
      .where('hub.name', '=', this.hub)
      .where('stream.seen_at_ms', '>', this.nowMs() - LIVE_MS)
      .where('stream_image.stream_id', 'is', null)
      .execute();
    const rows = streams.flatMap(({ id, user, server }) => {
      const image =
        user === null || server === null ? null : (runs.get(serverKey(user, server))?.image ?? null);
      return image === null ? [] : [{ stream_id: id, image }];
    });
    for (let from = 0; from < rows.length; from += 500) {
      await this.database.write
        .insertInto('stream_image')
        .values(rows.slice(from, from + 500))
        // Another replica was first.
        .onConflict(conflict => conflict.doNothing())
        .execute();
    }
  }
}

/** Streams whose image has this text in its name; null = too many to name them, see `inStreamsOf`. */
export async function streamsOf(db: Kysely<ITables>, text: string): Promise<readonly number[] | null> {
  const rows = await db
    .selectFrom('stream_image')
    .select('stream_id')
    .where(imageHas(text))
    .limit(STREAMS + 1)
    .execute();
  return rows.length > STREAMS ? null : rows.map(({ stream_id: id }) => id);
}

/** Whether an image has this text in its name. */
export function imageHas(text: string) {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`stream_image.image like ${pattern} escape '\\'`;
}
