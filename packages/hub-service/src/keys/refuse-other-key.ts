import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../failure.js';
import type { IDatabase } from '../store/database.js';
import type { IKeys } from './keys.js';

/** The file in the state folder in which an admin names the key that is to sign from now on: also where the hub starts us. */
const NEW_KEY_FILE = 'new-key';

/**
 * A log that was signed has no other signer from one start to the next, only because a volume was not mounted or a file is
 * gone: whoever pinned the fingerprint would see what looks like a forgery. Looks only.
 *
 * @throws Error with one sentence, when the log knows other keys and not this one.
 */
export async function refuseOtherKey(
  database: IDatabase,
  keys: Pick<IKeys, 'signingKeyId'>,
  stateFolder: string
): Promise<void> {
  const known = await database.read
    .selectFrom('signing_key')
    .select('id')
    .orderBy('from_ms', 'desc')
    .execute();
  const ids = known.map(({ id }) => id);
  const { signingKeyId } = keys;
  if (ids.length === 0 || ids.includes(signingKeyId)) {
    return;
  }
  if ((await acceptedKey(stateFolder)) !== signingKeyId) {
    throw new Error(
      `The signing key in ${stateFolder} (${signingKeyId}) has never signed this log, which ${ids[0]} signed last: put signing-key.pem and service-secret back from the backup; only if they are lost for good, write ${signingKeyId} into the file ${NEW_KEY_FILE} there, start again, and tell everybody who pinned the old key's fingerprint.`
    );
  }
}

/** null = none was named. */
async function acceptedKey(stateFolder: string): Promise<string | null> {
  try {
    return (await readFile(join(stateFolder, NEW_KEY_FILE), 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
}
