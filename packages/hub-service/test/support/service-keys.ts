import { writeFileSync } from 'node:fs';
import { newMasterKeyFile } from '../../src/keys/master-key-file.js';
import { openServiceKeys } from '../../src/keys/service-keys.js';
import { openKeyPlaces, type IKeySettings } from '../../src/keys/unlock-database.js';
import { registerSigningKey, type IKeys } from '../../src/keys/keys.js';
import { openDatabase, type DatabasePlace, type IDatabase } from '../../src/store/database.js';

/** A database as a start of the service leaves it. */
export interface IStarted {
  readonly database: IDatabase;
  readonly keys: IKeys;
  /** What an admin is told. */
  readonly told: readonly string[];
}

/** What a service does at its start, up to its keys. */
export async function startKeys(place: DatabasePlace, settings: IKeySettings): Promise<IStarted> {
  const places = await openKeyPlaces(settings);
  const database = await openDatabase(place, () => undefined);
  const told: string[] = [];
  try {
    const keys = await openServiceKeys(database, places, Date.now(), sentence => told.push(sentence));
    await registerSigningKey(database, keys, Date.now());
    return { database, keys, told };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** A new master key in a file. @returns its path. */
export function masterKeyFile(path: string): string {
  writeFileSync(path, newMasterKeyFile(), { mode: 0o600 });
  return path;
}

/** The variables that commands are given. */
export function storageVariables(
  place: DatabasePlace,
  { stateFolder, masterKeyFile: file }: IKeySettings
): Record<string, string> {
  return {
    LABKEEPER_STATE: stateFolder,
    LABKEEPER_DATABASE: place.kind === 'sqlite' ? `sqlite:${place.file}` : place.url,
    ...(file ? { LABKEEPER_MASTER_KEY_FILE: file } : {})
  };
}
