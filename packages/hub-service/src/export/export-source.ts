import type { Grade } from '@labkeeper/core';
import type { ExportKey, SignedRotation } from '@labkeeper/protocol';
import type { ILogFilter } from '../store/log-reader.js';

/** A line of the log on its way out. */
export interface ILoggedEntry {
  readonly index: number;
  /** The exact line. */
  readonly entry: string;
  /** The exact personal part; null = there is none, it was erased, or it was not asked for. */
  readonly personal: string | null;
  /** How sure it is; absent = nobody says. */
  readonly grade?: Grade;
}

/** Records that lie one behind the other, and were deleted. */
export interface IGoneEntries {
  readonly firstIndex: number;
  readonly count: number;
  /** Their hashes as leaves, 32 bytes each; null = no record of their digest is left. */
  readonly leaves: Uint8Array | null;
}

/** The log as it is exported, in its own order; `LogRange` is one. Nothing holds more than a block of it. */
export interface IExportSource {
  /** Which log this is: a UUID. */
  log(): Promise<string>;
  /** The index after the last record. */
  end(): Promise<number>;
  /**
   * Lines of [firstIndex, endIndex).
   *
   * @param filter - null = all.
   * @param isPersonal - whether personal parts are wanted.
   * @param lost - told of records that are known, and whose lines are not there, before the next lines come. Without it one that
   * no act of retention deleted is an error.
   */
  entries(
    firstIndex: number,
    endIndex: number,
    filter: ILogFilter | null,
    isPersonal: boolean,
    lost?: (indexes: readonly number[]) => Promise<void>
  ): AsyncIterable<ILoggedEntry>;
  /** Hashes of all lines of [firstIndex, endIndex) as leaves, 32 bytes each. */
  leaves(firstIndex: number, endIndex: number): AsyncIterable<Uint8Array>;
  /** Digests that touch [firstIndex, endIndex), in order of number, each as the canonical JSON that was signed. */
  digests(firstIndex: number, endIndex: number): Promise<readonly { readonly signed: string }[]>;
  /** What holds the digests from one number to another outside the service, each as canonical JSON; absent = nothing does. */
  anchors?(firstNumber: number, lastNumber: number): Promise<readonly string[]>;
  /** Every change of the key that the old key signed, the oldest first; absent = there was none. */
  rotations?(): Promise<readonly SignedRotation[]>;
  /** What retention deleted of [firstIndex, endIndex), in order, the first ranges of it; absent = nothing is ever deleted. */
  gone?(firstIndex: number, endIndex: number): Promise<readonly IGoneEntries[]>;
  /** How many records of [firstIndex, endIndex) retention deleted; absent = nothing is ever deleted. */
  goneCount?(firstIndex: number, endIndex: number): Promise<number>;
  /** How many of [firstIndex, endIndex) are neither there nor deleted by retention; absent = none ever is. */
  missingCount?(firstIndex: number, endIndex: number): Promise<number>;
  /** The acts that deleted it, in the order of the log, each with its place there and as canonical JSON. */
  retirements?(
    firstIndex: number,
    endIndex: number
  ): AsyncIterable<{ readonly index: number; readonly record: string }>;
  /** Which image the server of a stream ran in, by the stream's UUID, as its spawner said; absent = nobody says of any. */
  images?(streams: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** All keys that this log was ever signed with. */
  keys(): Promise<readonly ExportKey[]>;
}

/** Who signs an export; the service's keys do. */
export interface IExportSigner {
  readonly signingKeyId: string;
  /** Ed25519 over the text's UTF-8, base64url. */
  sign(text: string): string;
}

/** Where an export goes. */
export interface IExportOut {
  /** Resolves when more may come: a slow reader makes the export slow, not the memory full. */
  write(bytes: Uint8Array): Promise<void>;
}

/** How an export is written. */
export type ExportFormat = 'jsonl' | 'csv' | 'ocsf';

/** What is exported. */
export interface IExportRange {
  /** null = every record of the range. */
  readonly filter: ILogFilter | null;
  readonly firstIndex: number;
  /** null = as far as the log reaches. */
  readonly endIndex: number | null;
}

/** The range that was asked for is not in the log. The message is one sentence for people. */
export class ExportRangeError extends Error {
  override readonly name = 'ExportRangeError';
}
