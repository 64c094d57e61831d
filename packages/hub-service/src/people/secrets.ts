import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Random bytes that nobody can foretell; tests bring their own. */
export type RandomBytes = (count: number) => Uint8Array;

export const systemRandom: RandomBytes = count => randomBytes(count);

/** A secret of `bytes` random bytes as base64url. */
export function newSecret(random: RandomBytes, bytes: number): string {
  return Buffer.from(random(bytes)).toString('base64url');
}

/** SHA-256 as base64url: what is kept of a secret that somebody else brings back. It is PKCE's S256 too (RFC 7636). */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('base64url');
}

/** Compares without telling by its time where two texts differ. */
export function sameSecret(a: string, b: string): boolean {
  // Hashes are equally long, whatever was sent.
  return timingSafeEqual(
    createHash('sha256').update(a, 'utf8').digest(),
    createHash('sha256').update(b, 'utf8').digest()
  );
}
