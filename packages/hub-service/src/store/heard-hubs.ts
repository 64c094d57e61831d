import { sql } from 'kysely';
import type { IDatabase } from './database.js';
import { OWN_USER } from './own-acts.js';

/** Hubs, by name, from which a companion was heard after a time. @param sinceMs - epoch ms. */
export async function heardHubs(
  { read }: Pick<IDatabase, 'read'>,
  sinceMs: number
): Promise<ReadonlySet<string>> {
  const rows = await read
    .selectFrom('stream')
    .innerJoin('server', 'server.id', 'stream.server_id')
    .innerJoin('person', 'person.id', 'server.person_id')
    .innerJoin('hub', 'hub.id', 'person.hub_id')
    .select('hub.name')
    .distinct()
    .where('stream.seen_at_ms', '>', sinceMs)
    // As companions call theirs: the service's own go on also where no companion reaches it.
    .where(sql<string>`substr(stream.boot, 15, 1)`, '=', '4')
    .where(({ eb, or }) => or([eb('person.name', 'is', null), eb('person.name', '!=', OWN_USER)]))
    .execute();
  return new Set(rows.map(({ name }) => name));
}
