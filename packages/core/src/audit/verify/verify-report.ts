import type { ExportFilter } from '@labkeeper/protocol';
import type { IAnchoredRange, IAnchorResult } from './anchors.js';
import type { IDigestSummary } from './digest-chain.js';
import type { IVerifyFinding } from './findings.js';
import type { IPersonalSummary } from './personal-match.js';
import type { IStreamSummary } from './stream-chains.js';

/** What an export is. */
export type VerifyOutcome =
  /** Nothing in it was changed, nothing of it is missing, and digests that are held elsewhere cover all of it. */
  | 'whole'
  /** The same, but whoever owns the key of the service could have made it anew, or a part of it: not anchored, not all of it, or not in time. */
  | 'consistent'
  /** Something in it is not what the service signed. */
  | 'altered'
  /** What is there is in order, but the file stops before its end. */
  | 'incomplete';

/** A gap that a stream itself tells of. */
export interface IToldGap {
  readonly index: number;
  readonly stream: string;
  readonly cause: string;
  /** null = not known. */
  readonly sinceMs: number | null;
  /** Records that are missing; null = not known. */
  readonly count: number | null;
}

/** A record that could not be read when it came, and is kept as it was. */
export interface IUnreadable {
  readonly index: number;
  readonly stream: string;
  readonly seq: number;
}

/** Records that are not here without a reason, and what is left tells of them. */
export interface IMissingPlace {
  /** Of the first record, and after the last. */
  readonly first: number;
  readonly end: number;
  /** What they were, inferred from their neighbours; null = that cannot be known. */
  readonly of: {
    readonly stream: string;
    /** The run of the companion; null = no record of it could be read. */
    readonly boot: string | null;
    /** Number of the first in its stream. */
    readonly firstSeq: number;
  } | null;
  /** Where it cannot be known: some of the streams that lack records there. */
  readonly streams: readonly string[];
}

/** Some of many. */
export interface IListed<Item> {
  readonly count: number;
  /** The first ones. */
  readonly first: readonly Item[];
}

/** What one act of retention deleted of the range. */
export interface IDeletion {
  /** Index of the act. */
  readonly act: number;
  /** Of the first record, and after the last: not all between them need be deleted. */
  readonly first: number;
  readonly end: number;
  readonly records: number;
  /** Which class of records. */
  readonly name: string;
  /** Such as `7 years`. */
  readonly rule: string;
  readonly atMs: number;
  /** Whether the act stands in the export too; otherwise its own signature alone says so. */
  readonly isInLog: boolean;
}

/** Who signed an export. */
export interface ISigner {
  readonly id: string;
  /** SHA-256 of the raw public key, hexadecimal. */
  readonly fingerprint: string;
  /** null = no fingerprint was given to compare with. */
  readonly isPinned: boolean | null;
}

/** What verifying an export gave. */
export interface IVerifyReport {
  readonly outcome: VerifyOutcome;
  /** The history is held by something that its owner could not re-make: an earlier receipt or digest fits. */
  readonly isAnchored: boolean;
  /** Records before this index that a digest proves are held by a digest from elsewhere; null = there is none that fits. */
  readonly anchoredEnd: number | null;
  /** What each holder outside the service holds. */
  readonly anchored: readonly IAnchoredRange[];
  readonly anchors: readonly IAnchorResult[];
  readonly findings: IListed<IVerifyFinding>;
  /** null = the first line cannot be read. */
  readonly about: {
    readonly log: string;
    readonly createdAtMs: number;
    readonly filter: ExportFilter;
    readonly firstIndex: number;
    readonly endIndex: number;
  } | null;
  /** null = its signature does not hold, or there is none. */
  readonly signer: ISigner | null;
  /** Whether that signature is over these bytes: as they lie there, or once each line is put back where it belongs. */
  readonly covers: 'as-it-is' | 'put-back' | 'no';
  readonly records: number;
  /** Records that a digest proves, as a part of it or by their own proof. */
  readonly proven: number;
  readonly streams: IStreamSummary;
  readonly digests: IDigestSummary;
  /** Records of the range that retention deleted, by the acts that say so; `records` = all of them. */
  readonly deleted: IListed<IDeletion> & { readonly records: number };
  /**
   * Missing records, one behind the other; of a filtered export nobody knows. `moreLacks`: streams lack records at so many more
   * places, which were not held against what is missing.
   */
  readonly missing: IListed<IMissingPlace> & { readonly moreLacks: number };
  readonly unreadable: IListed<IUnreadable>;
  readonly gaps: IListed<IToldGap> & { readonly byCause: Readonly<Record<string, number>> };
  /** null = no file with personal parts was given. */
  readonly personal: IPersonalSummary | null;
}
