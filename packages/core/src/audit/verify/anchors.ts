import type { SignedDigest, SignedReceipt } from '@labkeeper/protocol';

/** What the caller has from elsewhere, and holds against an export. */
export interface IAnchors {
  /** SHA-256 of raw public keys, 64 hexadecimal digits in lower case. One of them has to have signed the export. */
  readonly fingerprints: readonly string[];
  /** `name`: of the file that it is from. */
  readonly receipts: readonly { readonly name: string; readonly receipt: SignedReceipt }[];
  /** One digest that is held elsewhere, or those of an earlier export. */
  readonly digests: readonly { readonly name: string; readonly digests: readonly SignedDigest[] }[];
}

/** How an anchor and an export go together. */
export type AnchorVerdict =
  /** They say the same. */
  | 'fits'
  /** They cannot both be true. */
  | 'contradicts'
  /** The export says nothing about what the anchor is about. */
  | 'outside'
  /** Its signature is by none of the keys that the export lists: it proves nothing either way. */
  | 'not-genuine';

/** What became of one anchor. */
export interface IAnchorResult {
  readonly kind: 'key' | 'receipt' | 'digest';
  readonly name: string;
  readonly verdict: AnchorVerdict;
  /** One or two sentences. */
  readonly what: string;
}
