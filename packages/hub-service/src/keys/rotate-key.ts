import { createPrivateKey } from 'node:crypto';
import { rotationText, canonicalJson } from '@labkeeper/core';
import { parseShape, SignedRotation } from '@labkeeper/protocol';
import { sha256Hex } from '../sha256.js';
import type { IDatabase } from '../store/database.js';
import { keyIdOf, newSigningKey, publicKeyOf, SIGNING_FILE, type IKeys } from './keys.js';

/** What a rotation did. */
export interface IRotated {
  /** Ids of the key before and of the one that signs from the service's next start on. */
  readonly before: string;
  readonly now: string;
  /** SHA-256 of the new public key: what is pinned. */
  readonly fingerprint: string;
}

/** Where the service's keys are kept: a state folder, or the database. */
export interface IKeyPlace {
  /** Keeps one under a name that is not taken; durable when it resolves. */
  put(name: string, content: Buffer): Promise<void>;
  /** Puts `other` in the place of `name`, which is kept as `keptAs`. At no moment is there none. */
  swap(name: string, keptAs: string, other: string): Promise<void>;
}

/**
 * Makes a new signing key that the old one names as the next, so that whoever pinned the old one goes on without being told.
 * The old one is kept, under its id. Killed anywhere in between, it is finished by doing it again.
 *
 * @param keys - those in use. @param nowMs - epoch ms.
 * @throws Error with one sentence for the administrator.
 */
export async function rotateSigningKey(
  database: IDatabase,
  place: IKeyPlace,
  keys: IKeys,
  nowMs: number
): Promise<IRotated> {
  const begun = await unfinished(database, keys.publicKey);
  const publicKey = begun ?? (await begin(database, place, keys, nowMs));
  const now = keyIdOf(publicKey);
  await place.swap(SIGNING_FILE, fileOf(keys.signingKeyId), fileOf(now));
  return { before: keys.signingKeyId, now, fingerprint: sha256Hex(Buffer.from(publicKey, 'base64url')) };
}

/** Puts the new key beside the old one, then the old one's word for it into the log. @returns its public part. */
async function begin(database: IDatabase, place: IKeyPlace, keys: IKeys, nowMs: number): Promise<string> {
  const pem = newSigningKey();
  const publicKey = publicKeyOf(createPrivateKey(pem));
  await place.put(fileOf(keyIdOf(publicKey)), pem);
  await database.write.transaction().execute(async db => {
    const { id: log } = await db.selectFrom('log').select('id').executeTakeFirstOrThrow();
    const body = { log, oldPublicKey: keys.publicKey, publicKey, atMs: nowMs };
    const signed: SignedRotation = { body, signature: keys.sign(rotationText(body)) };
    await db
      .insertInto('key_rotation')
      .values({ signed: canonicalJson(signed) })
      .execute();
    await db
      .insertInto('signing_key')
      .values({ id: keyIdOf(publicKey), public_key: publicKey, from_ms: nowMs })
      .execute();
  });
  return publicKey;
}

/** The key that the present one named already; null = none. */
async function unfinished(database: IDatabase, publicKey: string): Promise<string | null> {
  const last = await database.read
    .selectFrom('key_rotation')
    .select('signed')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const rotation = last && parseShape(SignedRotation, last.signed);
  return rotation?.body.oldPublicKey === publicKey ? rotation.body.publicKey : null;
}

const fileOf = (id: string): string => `signing-key-${id}.pem`;
