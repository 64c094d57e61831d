import type { IDatabase } from '../store/database.js';
import { currentMasterId, Keyring } from './keyring.js';
import {
  MASTER_FILE,
  MASTER_VARIABLE,
  newMasterKeyFile,
  parseMasterKey,
  readMasterKeyFile
} from './master-key-file.js';
import type { MasterKey } from './master-key.js';
import { StateFolder } from './state-folder.js';

/** What says where keys are. */
export interface IKeySettings {
  readonly stateFolder: string;
  /** The master key's file, where it comes from outside; else it is in the state folder. */
  readonly masterKeyFile?: string | null;
}

/** Where keys are, looked at. */
export interface IKeyPlaces {
  readonly stateFolder: string;
  readonly folder: StateFolder;
  /** The master key comes from outside. */
  readonly isOutside: boolean;
  /** For sentences. */
  readonly where: string;
  /** null = there is none in the state folder. */
  readonly own: MasterKey | null;
}

/** Before the database is opened: a folder or file that cannot be used is told by a sentence of ours. Makes the folder, no key. */
export async function openKeyPlaces({ stateFolder, masterKeyFile }: IKeySettings): Promise<IKeyPlaces> {
  const folder = await StateFolder.open(stateFolder);
  if (masterKeyFile) {
    const own = await readMasterKeyFile(masterKeyFile);
    return { stateFolder, folder, isOutside: true, where: masterKeyFile, own };
  }
  const where = `${stateFolder}/${MASTER_FILE}`;
  const content = await folder.read(MASTER_FILE);
  return { stateFolder, folder, isOutside: false, where, own: content && parseMasterKey(content, where) };
}

/**
 * At a service's start: says by which master key this database is sealed, and makes that key where there never was one. A
 * database that has one is opened with no other.
 *
 * @param nowMs - epoch ms. @throws Error with one sentence.
 */
export async function unlockDatabase(
  database: IDatabase,
  places: IKeyPlaces,
  nowMs: number
): Promise<Keyring> {
  const before = await currentMasterId(database.write);
  if (before !== null) {
    return unlockWith(database, places, before);
  }
  const made =
    places.own ?? parseMasterKey(await places.folder.secret(MASTER_FILE, newMasterKeyFile), places.where);
  await database.write
    .insertInto('master_key')
    .values({ one: 1, id: made.id, since_ms: nowMs })
    // Another replica was first, maybe with another key.
    .onConflict(conflict => conflict.doNothing())
    .execute();
  const now = (await currentMasterId(database.write)) ?? made.id;
  return unlockWith(database, { ...places, own: made }, now);
}

/** @param current - which master key seals in this database. @throws Error with one sentence, where it is not to be had. */
export async function unlockWith(
  database: IDatabase,
  { own, where }: IKeyPlaces,
  current: string
): Promise<Keyring> {
  if (!own) {
    throw new Error(
      `The keys in this database are sealed with the master key ${current}, and ${where} is not there: put it back from the backup of that folder, or name the key's file in ${MASTER_VARIABLE}; no other key opens them, and none was made.`
    );
  }
  const keyring = new Keyring(database.kind, own);
  if (!(await keyring.find(database.write, current))) {
    throw new Error(
      `The master key at ${where} (${own.id}) is not the one that the keys in this database are sealed with (${current}): give the service that one; labkeeper rotate-master-key puts another in its place.`
    );
  }
  database.personKeys.unlock(keyring);
  return keyring;
}
