import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
/** Bytes of a person's key. */
export const PERSON_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Nonces that are drawn at once: one by one they cost as much as the encryption. */
const NONCES = 512;

/**
 * Encrypts a personal part under its person's key (AES-256-GCM): nonce, tag, ciphertext.
 *
 * @param place - where it belongs, see `placeOf`: it opens nowhere else.
 */
export function sealPersonal(key: KeyObject, place: string, text: string): Uint8Array {
  const nonce = nextNonce();
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** @throws when it was altered, belongs to another place, or was encrypted under another key. */
export function openPersonal(key: KeyObject, place: string, sealed: Uint8Array): string {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  const cipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(place))
    .setAuthTag(tag);
  const body = cipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([body, cipher.final()]).toString('utf8');
}

let nonces = Buffer.alloc(0);

/** 96 random bits, each given once. */
function nextNonce(): Buffer {
  if (nonces.length === 0) {
    nonces = randomBytes(NONCES * NONCE_BYTES);
  }
  const nonce = nonces.subarray(0, NONCE_BYTES);
  nonces = nonces.subarray(NONCE_BYTES);
  return nonce;
}

/** What binds a personal part to its record. @param stream - the service's own name of the stream. */
export function placeOf(stream: string, seq: number): string {
  return `${stream} ${seq}`;
}
