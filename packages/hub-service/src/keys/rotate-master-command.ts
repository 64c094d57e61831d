import { parseArgs } from 'node:util';
import { reasonOf } from '../failure.js';
import { refuseMissing } from '../missing-storage.js';
import { readStorage } from '../settings.js';
import type { IDatabase } from '../store/database.js';
import { hasTable, openExisting } from '../store/open-existing.js';
import { currentMasterId } from './keyring.js';
import {
  MASTER_FILE,
  MASTER_VARIABLE,
  newMasterKeyFile,
  parseMasterKey,
  readMasterKeyFile
} from './master-key-file.js';
import type { MasterKey } from './master-key.js';
import type { IRotateCommand } from './rotate-command.js';
import { finishRotation, isRotating, rotateMasterKey } from './rotate-master-key.js';
import { scrubKeys } from './scrub-keys.js';
import { openKeyPlaces, unlockWith, type IKeyPlaces } from './unlock-database.js';

const USAGE = 'usage: labkeeper rotate-master-key [--new FILE | --finish]';

/** `labkeeper rotate-master-key`. @returns the exit code. */
export async function rotateMasterCommand(command: IRotateCommand): Promise<number> {
  const { words, variables, complain } = command;
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { new: { type: 'string' }, finish: { type: 'boolean', default: false } }
    });
    if (values.finish && values.new !== undefined) {
      throw new Error(USAGE);
    }
    const storage = readStorage(variables);
    refuseMissing(storage);
    const places = await openKeyPlaces(storage);
    const database = await openExisting(storage.database);
    try {
      await (values.finish
        ? finish(command, database, places)
        : rotate(command, database, places, values.new));
    } finally {
      await database.close();
    }
    return 0;
  } catch (error) {
    complain(`labkeeper rotate-master-key: ${reasonOf(error)}`);
    return 2;
  }
}

async function rotate(
  { say, nowMs }: IRotateCommand,
  database: IDatabase,
  places: IKeyPlaces,
  file: string | undefined
): Promise<void> {
  const { own, current } = await inUse(database, places);
  if (places.isOutside && file === undefined) {
    throw new Error(
      `${MASTER_VARIABLE} names the key that is in use: name the file of the new one too (${USAGE}).`
    );
  }
  if (current === own.id && (await isRotating(database))) {
    throw new Error(
      'The last change of the master key is not finished: run labkeeper rotate-master-key --finish first.'
    );
  }
  const next = file === undefined ? await nextInFolder(places, own, current) : await readMasterKeyFile(file);
  if (next.id === own.id) {
    throw new Error(`The new master key is the one that is in use (${own.id}): make another one.`);
  }
  const { persons, secrets } = await rotateMasterKey(database, own, next, nowMs());
  if (file === undefined) {
    await places.folder.swap(MASTER_FILE, fileOf(own.id), fileOf(next.id));
  }
  say(`Sealed with the master key ${next.id} now: keys of ${persons} persons, ${secrets} of the service.`);
  say(
    file === undefined
      ? `It is in ${places.where}; the old one is kept beside it, for backups of before. Back up ${places.stateFolder} again.`
      : `Give it to every service and command in ${MASTER_VARIABLE}; keep the old one, for backups of before.`
  );
  say(
    `Services with ${own.id} go on. Restart all of them with the new one, and then run labkeeper rotate-master-key --finish: until then the old one still opens everything.`
  );
  say(
    'Backups that are made until then hold each of the two keys sealed by the other, so that the old one opens them too: make a backup after --finish, and let those of before go.'
  );
}

async function finish({ say }: IRotateCommand, database: IDatabase, places: IKeyPlaces): Promise<void> {
  const { own, current } = await inUse(database, places);
  if (own.id !== current) {
    throw new Error(
      `${places.where} is still the old master key (${own.id}): put ${current} in its place first.`
    );
  }
  if (await isRotating(database)) {
    await finishRotation(database, own);
    say(`Only the master key ${current} opens the keys in this database now.`);
  } else {
    say(`There is nothing to finish: the master key ${current} alone is in use.`);
  }
  try {
    await scrubKeys(database);
  } catch (error) {
    throw new Error(
      `What another key sealed before stays in the database's own files for now (${reasonOf(error)}): run labkeeper rotate-master-key --finish again later.`,
      { cause: error }
    );
  }
  say(
    `Nothing that another one opens is left in the tables of keys. ${KEPT[database.kind]} Make a backup now: those of before need the old key.`
  );
}

/** Where the database itself may have copies of what was. */
const KEPT = {
  sqlite: 'Copies and snapshots of its file that were made before still hold it.',
  postgres:
    "PostgreSQL's write-ahead log holds it until its files are used again, archives and base backups of before as long as they are kept."
} as const;

async function inUse(
  database: IDatabase,
  places: IKeyPlaces
): Promise<{ readonly own: MasterKey; readonly current: string }> {
  const current = (await hasTable(database, 'master_key')) ? await currentMasterId(database.write) : null;
  if (current === null) {
    throw new Error(
      'This database has no master key yet: start the service of this version once, and try again.'
    );
  }
  return { own: (await unlockWith(database, places, current)).own, current };
}

/** The one that a try before put beside the old one, or a new one. */
async function nextInFolder({ folder }: IKeyPlaces, own: MasterKey, current: string): Promise<MasterKey> {
  if (current !== own.id) {
    const begun = await folder.read(fileOf(current));
    if (!begun) {
      throw new Error(
        `The change to the master key ${current} has begun, and its file is not in the state folder: name it by --new.`
      );
    }
    return parseMasterKey(begun, fileOf(current));
  }
  const content = newMasterKeyFile();
  const next = parseMasterKey(content, MASTER_FILE);
  await folder.put(fileOf(next.id), content);
  return next;
}

const fileOf = (id: string): string => `${MASTER_FILE}-${id}`;
