import type { SignedDigest, SignedReceipt } from '@labkeeper/protocol';

/** What the caller has from elsewhere, and holds against an export. */
export interface IAnchors {
  /** SHA-256 of raw public keys, 64 hexadecimal digits in lower case. One of them has to have signed the export. */
  readonly fingerprints: readonly string[];
  /** `name`: of the file that it is from. */
  readonly receipts: readonly { readonly name: string; readonly receipt: SignedReceipt }[];
  /** One digest that is held elsewhere, or those of an earlier export. */
  readonly digests: readonly { readonly name: string; readonly digests: readonly SignedDigest[] }[];
  /** What witnesses, authorities and directories say; their signatures have been checked. Absent = nothing. */
  readonly statements?: readonly IHeldStatement[];
  /** Holders that have to have said something. */
  readonly pinned?: readonly IPinnedHolder[];
  /** The export is of a part of the log on purpose: that the log goes on is nothing. */
  readonly isPart?: boolean;
}

/** What holds digests outside the service. */
export type HolderKind = 'directory' | 'witness' | 'timestamp';

/** That somebody saw a digest. */
export interface IHeldStatement {
  readonly kind: HolderKind;
  /** Who, for people. */
  readonly holder: string;
  /** Of the file that it is from; null = the export brings it itself. */
  readonly name: string | null;
  /** null = it does not say. */
  readonly log: string | null;
  /** Of the digest. */
  readonly number: number;
  /** Of the signed digest's canonical JSON, hexadecimal. */
  readonly sha256: string;
  /** Where the digest ends; null = it does not say. */
  readonly endIndex: number | null;
  /** When, by the holder's clock; a directory has none, and this is what the digest itself says. */
  readonly atMs: number;
  /** Why it proves nothing, one sentence; null = it is genuine, and by one that is pinned. */
  readonly trouble: string | null;
}

/** A holder whose key or certificate the caller knows from elsewhere. */
export interface IPinnedHolder {
  readonly kind: HolderKind;
  readonly name: string;
  /** Whether a statement of its kind is by it. */
  fits(statement: IHeldStatement): boolean;
}

/** What one holder holds of an export. */
export interface IAnchoredRange {
  readonly kind: HolderKind;
  readonly holder: string;
  readonly name: string | null;
  /** Digests that it holds, of these numbers. */
  readonly count: number;
  readonly firstNumber: number;
  readonly lastNumber: number;
  /** The first index that it does not reach. */
  readonly endIndex: number;
  /** By its clock. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** How an anchor and an export go together. */
export type AnchorVerdict =
  /** They say the same. */
  | 'fits'
  /** They cannot both be true. */
  | 'contradicts'
  /** The export says nothing about what the anchor is about. */
  | 'outside'
  /** It was made so long after what it is about, that this could have been made anew until then. */
  | 'late'
  /** It is pinned, and is not here. */
  | 'absent'
  /** Its signature is by none of the keys that the export lists: it proves nothing either way. */
  | 'not-genuine';

/** What became of one anchor. */
export interface IAnchorResult {
  /** `received`: no anchor, but what records say themselves of when they came. */
  readonly kind: 'key' | 'receipt' | 'digest' | 'received' | HolderKind;
  readonly name: string;
  readonly verdict: AnchorVerdict;
  /** One or two sentences. */
  readonly what: string;
}
