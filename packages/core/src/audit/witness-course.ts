import type { SignedDigest } from '@labkeeper/protocol';

/** What a witness remembers of one log. */
export interface IWitnessed {
  readonly number: number;
  /** SHA-256 of the signed digest's canonical JSON, hexadecimal. */
  readonly sha256: string;
  readonly endIndex: number;
  readonly signedAtMs: number;
}

/** What a witness does about a digest whose signature holds. */
export type WitnessVerdict =
  /** It follows the last one. */
  | { readonly kind: 'sign' }
  /** It is the last one: the same statement again. */
  | { readonly kind: 'again' }
  /** Signing it would let two histories stand. */
  | { readonly kind: 'refuse'; readonly why: string };

/**
 * Whether a digest goes on from what a witness has seen. The first one of a log may have any number: all before it are in
 * its chain of hashes.
 *
 * @param last - null = nothing of this log was ever signed.
 * @param sha256 - of the digest.
 */
export function witnessVerdict(
  last: IWitnessed | null,
  { body }: SignedDigest,
  sha256: string
): WitnessVerdict {
  if (last === null) {
    return { kind: 'sign' };
  }
  if (body.number === last.number) {
    return sha256 === last.sha256
      ? { kind: 'again' }
      : refuse(`I signed another digest ${body.number} of this log.`);
  }
  if (body.number < last.number) {
    return refuse(`I have signed up to digest ${last.number} of this log, and sign none before it again.`);
  }
  if (body.number > last.number + 1) {
    return refuse(`The next digest of this log is number ${last.number + 1}.`);
  }
  if (body.previous !== last.sha256) {
    return refuse(
      `Digest ${body.number} was made after another digest ${last.number} than the one I signed.`
    );
  }
  if (body.firstIndex !== last.endIndex) {
    return refuse(`Digest ${body.number} does not begin where digest ${last.number} ends.`);
  }
  return { kind: 'sign' };
}

function refuse(why: string): WitnessVerdict {
  return { kind: 'refuse', why };
}
