import type { IDatabase } from '../store/database.js';
import type { IKeys } from './keys.js';

/** The variable with which an admin says that the key is lost for good. */
export const NEW_KEY = 'LABKEEPER_NEW_KEY';

/**
 * A log that was signed has no other signer from one start to the next, only because a volume was not mounted or a file is
 * gone: whoever pinned the fingerprint would see what looks like a forgery. Looks only.
 *
 * @param accepted - the id of the key that an admin wants from now on; null = none was named.
 * @throws Error with one sentence, when the log knows other keys and not this one.
 */
export async function refuseOtherKey(
  database: IDatabase,
  keys: Pick<IKeys, 'signingKeyId'>,
  stateFolder: string,
  accepted: string | null
): Promise<void> {
  const known = await database.read
    .selectFrom('signing_key')
    .select('id')
    .orderBy('from_ms', 'desc')
    .execute();
  const ids = known.map(({ id }) => id);
  const { signingKeyId } = keys;
  if (ids.length > 0 && !ids.includes(signingKeyId) && accepted !== signingKeyId) {
    throw new Error(
      `The signing key in ${stateFolder} (${signingKeyId}) has never signed this log, which ${ids[0]} signed last: put signing-key.pem and service-secret back from the backup; only if they are lost for good, start once with ${NEW_KEY}=${signingKeyId}, and tell everybody who pinned the old key's fingerprint.`
    );
  }
}
