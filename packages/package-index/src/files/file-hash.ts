import { createHash, type Hash } from 'node:crypto';

/** Best first; those that can be forged are of use only where there is no other. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  sha256: 'sha256',
  sha512: 'sha512',
  sha384: 'sha384',
  blake2b: 'blake2b512',
  sha224: 'sha224',
  sha1: 'sha1',
  md5: 'md5'
};

/** What a file's bytes must come to. */
export interface IExpectedHash {
  /** As upstream indexes name it. */
  readonly algorithm: string;
  /** Lower-case hex. */
  readonly digest: string;
}

/** The best of those that an index tells; null = none. */
export function bestHash(hashes: Readonly<Record<string, string>>): IExpectedHash | null {
  for (const algorithm of Object.keys(ALGORITHMS)) {
    const digest = hashes[algorithm];
    if (digest !== undefined) {
      return { algorithm, digest };
    }
  }
  return null;
}

/** A running hash of that kind; with none to compare, SHA-256. */
export function hashFor(expected: IExpectedHash | null): Hash {
  return createHash(ALGORITHMS[expected?.algorithm ?? 'sha256'] ?? 'sha256');
}
