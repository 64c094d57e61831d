import type { IDatabase } from './database.js';
import { hasTable } from './open-existing.js';
import { OWN_USER } from './own-acts.js';

/** The first hub's name as the database keeps it; null = it does not, or not yet. */
export async function firstHubKept(
  database: IDatabase
): Promise<{ readonly name: string; readonly sinceMs: number } | null> {
  if (!(await hasTable(database, 'first_hub'))) {
    return null;
  }
  const row = await database.write.selectFrom('first_hub').select(['name', 'since_ms']).executeTakeFirst();
  return row ? { name: row.name, sinceMs: row.since_ms } : null;
}

/** Keeps it; a name that is there already stays. */
export async function keepFirst({ write }: IDatabase, name: string, nowMs: number): Promise<void> {
  await write
    .insertInto('first_hub')
    .values({ one: 1, name, since_ms: nowMs })
    .onConflict(conflict => conflict.doNothing())
    .execute();
}

/** The hubs that spoke and are none of the further ones, the oldest first. */
export async function hubsThatSpoke(database: IDatabase): Promise<readonly string[]> {
  const hubs = database.read.selectFrom('hub').select('name').orderBy('id');
  const rows = await (
    (await hasTable(database, 'further_hub'))
      ? hubs.where('name', 'not in', eb => eb.selectFrom('further_hub').select('further_hub.name'))
      : hubs
  ).execute();
  return rows.map(({ name }) => name);
}

/** Of those the ones at which the service's own acts stand: it is one, unless its name was lost once. */
export async function actsSpokeAt(database: IDatabase): Promise<readonly string[]> {
  const rows = await database.read
    .selectFrom('person')
    .innerJoin('hub', 'hub.id', 'person.hub_id')
    .select('hub.name')
    .where('person.name', '=', OWN_USER)
    .execute();
  const own = new Set(rows.map(({ name }) => name));
  return (await hubsThatSpoke(database)).filter(name => own.has(name));
}
