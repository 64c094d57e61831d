import { SettingsError } from '../settings.js';
import type { IDatabase } from '../store/database.js';
import { actsSpokeAt, firstHubKept, hubsThatSpoke, keepFirst } from '../store/first-hub.js';
import { furtherHubSince } from '../store/further-hubs.js';

/** What the first hub is called where nothing says it. */
export const USUAL_HUB = 'hub';

const SETTING = `LABKEEPER_HUB_ID (hub_id of labkeeper.hub.configure; where neither is set, ${USUAL_HUB})`;

/**
 * Keeps the first hub's name with the log, at the service's first start. Acts stand in the log under it: under another they
 * would be appended a second time, and under that of a further hub two streams would be one.
 *
 * @throws SettingsError where the log's first hub has another name, or a further one has this.
 */
export async function keepFirstHub(database: IDatabase, name: string, nowMs: number): Promise<void> {
  await firstHubName(database, name);
  await keepFirst(database, name, nowMs);
  // Another replica may have been first, with another name.
  await firstHubName(database, name);
}

/**
 * The first hub's name, for commands beside the service or without it.
 *
 * @param given - what the settings say; null = nothing.
 * @throws SettingsError as `keepFirstHub` does, and where nothing says which of several it is.
 */
export async function firstHubName(database: IDatabase, given: string | null): Promise<string> {
  const kept = await firstHubKept(database);
  // Before it was kept its acts tell.
  const names = kept ? [kept.name] : await actsSpokeAt(database);
  const [name] = names;
  if (given !== null && name !== undefined && !names.includes(given)) {
    const where = kept ? `kept in its database since ${dayOf(kept.sinceMs)}` : 'by the acts in it';
    throw new SettingsError([
      `The first hub of this log is called ${name} (${where}), and ${SETTING} says ${given}: set it to ${name}, or name another log in LABKEEPER_DATABASE.`
    ]);
  }
  if (given === null) {
    return name !== undefined && names.length === 1 ? name : onlyOne(database, names);
  }
  const sinceMs = await furtherHubSince(database, given);
  if (sinceMs !== null) {
    throw new SettingsError([
      `${SETTING} says that the first hub is called ${given}, and that is a further hub of this log (by the file in LABKEEPER_HUBS, since ${dayOf(sinceMs)}): give the first hub the name that it had, or a new one.`
    ]);
  }
  return given;
}

/** @param names - of hubs at which the service's acts stand. */
async function onlyOne(database: IDatabase, names: readonly string[]): Promise<string> {
  if (names.length > 1) {
    throw new SettingsError([
      `This log has acts of several first hubs (${names.join(', ')}), and nothing says which it is: name it in LABKEEPER_HUB_ID.`
    ]);
  }
  const [spoke, another] = await hubsThatSpoke(database);
  return spoke !== undefined && another === undefined ? spoke : USUAL_HUB;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
