import type { Kysely } from 'kysely';
import { reasonOf } from '../failure.js';
import type { IDatabase } from '../store/database.js';
import { hasTable } from '../store/open-existing.js';
import type { ITables } from '../store/tables.js';
import { currentMasterId, type Keyring } from './keyring.js';
import {
  newSecret,
  newSigningKey,
  openKeys,
  readKeys,
  SECRET_FILE,
  SIGNING_FILE,
  type IKeys
} from './keys.js';
import { leftKeys, leftSentence, SERVICE_KEYS } from './left-keys.js';
import { MASTER_VARIABLE } from './master-key-file.js';
import { refuseOtherKey } from './refuse-other-key.js';
import { resealPersons } from './reseal-persons.js';
import type { IKeyPlace } from './rotate-key.js';
import { scrubKeys } from './scrub-keys.js';
import { SealedSecrets } from './sealed-secrets.js';
import { unlockDatabase, unlockWith, type IKeyPlaces } from './unlock-database.js';

const IN_DATABASE = 'the database';
const NOT_STARTED = 'This database has no keys of a service yet: start the service of this version once.';
/** What takes away what is left of plain keys. */
const LEFT = {
  sqlite: 'it goes when the service is started while nothing else reads the file',
  postgres: 'run "vacuum full person_key" once'
} as const;

/** Whether the database keeps the service's own keys: replicas then share it and the master key, and no folder. */
export function keepsServiceKeys({ kind }: Pick<IDatabase, 'kind'>, { isOutside }: IKeyPlaces): boolean {
  return kind === 'postgres' && isOutside;
}

/**
 * At a service's start: unlocks the database, seals what is still plain, and opens the service's keys; made, or taken over
 * from the state folder, where there are none.
 *
 * @param told - told what an admin should know. @throws Error with one sentence.
 */
export async function openServiceKeys(
  database: IDatabase,
  places: IKeyPlaces,
  nowMs: number,
  told: (sentence: string) => void
): Promise<IKeys> {
  const keyring = await unlockDatabase(database, places, nowMs);
  await sealPersons(database, keyring, told);
  if (keepsServiceKeys(database, places)) {
    const shared = await sharedKeys(database, keyring, places);
    (await keyAdvice(database, places)).forEach(({ sentence, todo }) => told(`${sentence} ${todo}`));
    return shared;
  }
  await refuseKeptElsewhere(database);
  const keys = await openKeys(places.stateFolder);
  await refuseOtherKey(database, keys, places.stateFolder);
  return keys;
}

/**
 * For commands beside a service, of an older version too: makes nothing in the database.
 *
 * @throws Error with one sentence. Where the service's own keys are in a folder a missing master key is none: records can be
 * exported when it is lost for good, and only who opens a personal part is told.
 */
export async function openExistingKeys(database: IDatabase, places: IKeyPlaces): Promise<IKeys> {
  const current = (await hasTable(database, 'master_key')) ? await currentMasterId(database.write) : null;
  if (!keepsServiceKeys(database, places)) {
    if (current !== null) {
      await refuseKeptElsewhere(database);
    }
    if (current !== null && places.own) {
      await unlockWith(database, places, current);
    }
    return openKeys(places.stateFolder);
  }
  const keyring = current === null ? null : await unlockWith(database, places, current);
  const keys = keyring && (await readShared(new SealedSecrets(database.write, keyring)));
  if (!keys) {
    throw new Error(NOT_STARTED);
  }
  return keys;
}

/** Where the service's own keys are kept. @throws Error with one sentence. */
export async function keyPlaceOf(database: IDatabase, places: IKeyPlaces): Promise<IKeyPlace> {
  if (!keepsServiceKeys(database, places)) {
    return places.folder;
  }
  const current = await currentMasterId(database.write);
  if (current === null) {
    throw new Error(NOT_STARTED);
  }
  return new SealedSecrets(database.write, await unlockWith(database, places, current));
}

async function sealPersons(
  database: IDatabase,
  keyring: Keyring,
  told: (sentence: string) => void
): Promise<void> {
  const { plain } = await resealPersons(database, keyring);
  if (plain === 0) {
    return;
  }
  told(
    `Keys of ${plain} persons were plain in the database, and are sealed now; copies of before still hold them plain.`
  );
  try {
    await scrubKeys(database, ['person_key']);
  } catch (error) {
    told(
      `What the plain keys left in the database's own files stays there for now (${reasonOf(error)}): ${LEFT[database.kind]}.`
    );
  }
}

/** What an administrator should do about keys that a service with these places has no need of, and what for. */
export async function keyAdvice(
  database: Pick<IDatabase, 'kind'>,
  places: IKeyPlaces
): Promise<readonly { readonly sentence: string; readonly todo: string }[]> {
  if (!keepsServiceKeys(database, places)) {
    return [];
  }
  try {
    const left = await leftKeys(places);
    return left.length > 0 ? [leftSentence(left, places.stateFolder)] : [];
  } catch (error) {
    // A warning, for whose sake nothing else may fail.
    return [
      {
        sentence: `Whether keys lie in the clear in ${places.stateFolder} cannot be seen: ${reasonOf(error)}.`,
        todo: 'Let the service read that folder.'
      }
    ];
  }
}

/** The keys in the database. The first replica puts them there: those in its state folder, else new ones. */
async function sharedKeys(database: IDatabase, keyring: Keyring, places: IKeyPlaces): Promise<IKeys> {
  return database.write.transaction().execute(async db => {
    // The others wait, and find what the first one put there.
    await db.selectFrom('log').select('one').forUpdate().execute();
    const place = new SealedSecrets(db, keyring);
    const before = await readShared(place);
    if (before) {
      return before;
    }
    await fill(db, database, place, places);
    const keys = await readShared(place);
    if (!keys) {
      throw new Error(`The keys that were put into ${IN_DATABASE} are not there.`);
    }
    return keys;
  });
}

async function fill(
  db: Kysely<ITables>,
  database: IDatabase,
  place: SealedSecrets,
  { folder, stateFolder }: IKeyPlaces
): Promise<void> {
  const signed = await db.selectFrom('signing_key').select('id').limit(1).executeTakeFirst();
  if (!signed && !(await folder.read(SIGNING_FILE))) {
    await place.put(SIGNING_FILE, newSigningKey());
    await place.put(SECRET_FILE, newSecret());
    return;
  }
  // A log that was signed gets no other key only because a folder was not mounted.
  await refuseOtherKey(database, await openKeys(stateFolder), stateFolder);
  for (const name of await folder.names()) {
    const content = SERVICE_KEYS.test(name) ? await folder.read(name) : null;
    if (content) {
      await place.put(name, content);
    }
  }
}

/** null = they are not there. */
async function readShared(place: SealedSecrets): Promise<IKeys | null> {
  const [pem, secret] = [await place.read(SIGNING_FILE), await place.read(SECRET_FILE)];
  return pem && secret && readKeys(pem, secret, IN_DATABASE);
}

/** Whose keys were taken over by the database is not signed for by what a folder still holds. */
async function refuseKeptElsewhere({ write }: IDatabase): Promise<void> {
  const kept = await write.selectFrom('sealed_secret').select('name').limit(1).executeTakeFirst();
  if (kept) {
    throw new Error(
      `The keys of this service lie in its database, sealed with the master key: name that key's file in ${MASTER_VARIABLE}.`
    );
  }
}
