import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  sign,
  type KeyObject
} from 'node:crypto';
import { sha256Hex } from '../sha256.js';
import type { IDatabase } from '../store/database.js';
import { StateFolder } from './state-folder.js';

/** The service's keys. Their private parts never leave this object. */
export interface IKeys {
  /** First 16 hexadecimal digits of SHA-256 of the public key. */
  readonly signingKeyId: string;
  /** Raw public key, 32 bytes, base64url. */
  readonly publicKey: string;
  /** Ed25519 over the text's UTF-8, base64url. */
  sign(text: string): string;
  /** A secret of 32 bytes for one purpose, the same at each start. Knowing one tells nothing of another. */
  secret(purpose: string): Uint8Array;
}

/** Purposes of `IKeys.secret`. */
export const SECRETS = { ticket: 'ticket', signIn: 'sign-in', session: 'session', hubs: 'hubs' } as const;

/** The key that signs, in the state folder; in a database that keeps the service's keys it has the same name. */
export const SIGNING_FILE = 'signing-key.pem';
export const SECRET_FILE = 'service-secret';
const SECRET_BYTES = 32;

/** Reads the keys from the state folder, or makes them there at the first start. */
export async function openKeys(stateFolder: string): Promise<IKeys> {
  const folder = await StateFolder.open(stateFolder);
  const pem = await folder.secret(SIGNING_FILE, newSigningKey);
  const secret = await folder.secret(SECRET_FILE, newSecret);
  return readKeys(pem, secret, stateFolder);
}

/** @param where - for the sentence. @throws Error with one sentence, when one of them is damaged. */
export function readKeys(pem: Buffer, secret: Buffer, where: string): IKeys {
  if (secret.length !== SECRET_BYTES) {
    throw new Error(`The file ${SECRET_FILE} in ${where} is damaged: it must have ${SECRET_BYTES} bytes.`);
  }
  return keysOf(readSigningKey(pem, where), secret);
}

/** What tickets and sessions are sealed with. */
export function newSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** Tells the log which key signs from now on, so that whoever verifies finds its public part. */
export async function registerSigningKey(database: IDatabase, keys: IKeys, nowMs: number): Promise<void> {
  await database.write
    .insertInto('signing_key')
    .values({ id: keys.signingKeyId, public_key: keys.publicKey, from_ms: nowMs })
    .onConflict(conflict => conflict.doNothing())
    .execute();
}

/** A new private key, PEM. */
export function newSigningKey(): Buffer {
  const { privateKey } = generateKeyPairSync('ed25519');
  return Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

function readSigningKey(pem: Buffer, stateFolder: string): KeyObject {
  const damaged = `The file ${SIGNING_FILE} in ${stateFolder} is no Ed25519 key: put it back from a backup; if it is lost, move it away and a new one is made.`;
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Error(damaged, { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new Error(damaged);
  }
  return key;
}

/** Raw public part of a private key, base64url. */
export function publicKeyOf(signingKey: KeyObject): string {
  const { x } = createPublicKey(signingKey).export({ format: 'jwk' });
  if (x === undefined) {
    throw new Error('The signing key has no public part.');
  }
  return x;
}

/** How records and exports call a key. @param publicKey - base64url. */
export function keyIdOf(publicKey: string): string {
  return sha256Hex(Buffer.from(publicKey, 'base64url')).slice(0, 16);
}

function keysOf(signingKey: KeyObject, secret: Buffer): IKeys {
  const publicKey = publicKeyOf(signingKey);
  return {
    signingKeyId: keyIdOf(publicKey),
    publicKey,
    sign: text => sign(null, Buffer.from(text), signingKey).toString('base64url'),
    secret: purpose => new Uint8Array(hkdfSync('sha256', secret, '', `labkeeper ${purpose}`, SECRET_BYTES))
  };
}
