import type { Anchor, SignedDigest, SignedRotation } from '@labkeeper/protocol';

/** A signed digest on its way out. */
export interface IAnchoredDigest {
  readonly digest: SignedDigest;
  /** Its canonical JSON: the exact text that is hashed, stamped and kept. */
  readonly text: string;
  /** SHA-256 of `text`, hexadecimal. */
  readonly sha256: string;
  /** Raw public part of the key that signed it, base64url. */
  readonly publicKey: string;
  readonly rotations: readonly SignedRotation[];
}

/** Something outside the service that holds digests. */
export interface IAnchorTarget {
  readonly kind: Anchor['kind'];
  /** As the admin's settings name it, without credentials. */
  readonly place: string;
  /**
   * Hands over one digest. Handing it over again gives the same, or another that is as good.
   *
   * @throws AnchorTrouble, or whatever made it fail: it is tried again later.
   */
  anchor(digest: IAnchoredDigest, signal: AbortSignal): Promise<Anchor>;
  /**
   * Looks whether what was handed over is still there as it was.
   *
   * @returns one sentence for what is not; null = all is.
   */
  inspect(digests: AsyncIterable<IAnchoredDigest>): Promise<string | null>;
}

/** A target did not take a digest. The message is one sentence. */
export class AnchorTrouble extends Error {
  override readonly name = 'AnchorTrouble';

  /** @param isContradiction - what the target holds is another history: trying again does not help. */
  constructor(
    message: string,
    readonly isContradiction = false,
    options?: ErrorOptions
  ) {
    super(message, options);
  }
}
