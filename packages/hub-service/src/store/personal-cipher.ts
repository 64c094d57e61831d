import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
/** Bytes of a person's key. */
export const PERSON_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts a personal part under its person's key (AES-256-GCM): nonce, tag, ciphertext.
 *
 * @param place - where it belongs, see `placeOf`: it opens nowhere else.
 */
export function sealPersonal(key: Uint8Array, place: string, text: string): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** @throws when it was altered, belongs to another place, or was encrypted under another key. */
export function openPersonal(key: Uint8Array, place: string, sealed: Uint8Array): string {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  const cipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(place))
    .setAuthTag(tag);
  const body = cipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([body, cipher.final()]).toString('utf8');
}

/** What binds a personal part to its record. @param stream - the service's own name of the stream. */
export function placeOf(stream: string, seq: number): string {
  return `${stream} ${seq}`;
}
