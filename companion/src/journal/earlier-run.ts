import type { DocumentKind, RunId } from '@labkeeper/protocol';
import type { IJournalDisk } from './journal-disk.js';
import type { ISavedMark } from './log-record.js';
import { readBatches, type IBatch } from './read-batches.js';
import type { IBase, IReadable, RunScan } from './run-scan.js';
import type { IBootScan } from './scan-boot.js';

/** A run that holds more than its file, as far as the journal knows. */
export interface IEarlierRun {
  /** The companion that wrote it. */
  readonly boot: string;
  readonly run: RunId;
  /** With all renames. */
  readonly path: string;
  readonly kind: DocumentKind;
  /** The file that the records are to be applied to; null = the first record says none, and cannot be folded. */
  readonly base: IBase | null;
  /** A save during the run that held a part of it; null = there was none. */
  readonly saved: ISavedMark | null;
  /** When the file was last known to hold everything, in ms since the Unix epoch; null = not that anybody knows. */
  readonly savedAtMs: number | null;
  /** When the last record was written, in ms since the Unix epoch. */
  readonly lastAtMs: number;
  /** The last batch that can be read, 0 = none: all of it is damaged. */
  readonly lastSeq: number;
  /** Bytes that its records take in the journal. */
  readonly bytes: number;
  /** Batches after this one were there, or may have been, and are damaged; null = none is missing. */
  readonly damagedAfterSeq: number | null;
  /** Its server lives: the page may be about to come back and begin the run anew, so there is no hurry. */
  readonly sameServer: boolean;
  /** From the base on, in order, one at a time in memory. Throws when the journal was changed meanwhile. */
  batches(): AsyncIterable<IBatch>;
}

/** A run of one companion, and where it is. */
export class ScannedRun implements IEarlierRun {
  private constructor(
    private readonly disk: IJournalDisk,
    readonly scan: RunScan,
    private readonly readable: IReadable,
    readonly boot: string,
    readonly run: RunId,
    readonly path: string,
    readonly kind: DocumentKind,
    readonly sameServer: boolean
  ) {
    const { lastSeq, lastAtMs, damaged } = readable;
    this.base = scan.base;
    this.saved = scan.saved;
    this.savedAtMs = scan.saved?.atMs ?? scan.newestHead?.savedAtMs ?? null;
    this.lastAtMs = lastAtMs;
    this.lastSeq = lastSeq;
    this.bytes = scan.bytes;
    this.damagedAfterSeq = damaged ? lastSeq : null;
  }

  /** @returns null for a run of which nothing tells the path. */
  static of(disk: IJournalDisk, boot: IBootScan, scan: RunScan, sameServer: boolean): ScannedRun | null {
    const { newestHead: head, path } = scan;
    return head === null || path === null
      ? null
      : new ScannedRun(
          disk,
          scan,
          scan.readable(boot.damages),
          boot.boot,
          head.run,
          path,
          head.document,
          sameServer
        );
  }

  /** Whether a batch of it can be read. */
  get isBegun(): boolean {
    return this.lastSeq > 0;
  }

  /** Whether it holds what no file does, as far as its own companion knew. */
  get isUnsaved(): boolean {
    const holds = this.isBegun || this.damagedAfterSeq !== null;
    return holds && !this.scan.isClosed && !(this.saved && this.saved.seq >= this.lastSeq);
  }

  get replaces(): RunId | null {
    return this.scan.newestHead?.replaces ?? null;
  }

  get openedAtMs(): number {
    return this.scan.newestHead?.openedAtMs ?? 0;
  }

  batches(): AsyncIterable<IBatch> {
    return readBatches(this.disk, this.scan.number, this.readable);
  }

  readonly base: IBase | null;
  readonly saved: ISavedMark | null;
  readonly savedAtMs: number | null;
  readonly lastAtMs: number;
  readonly lastSeq: number;
  readonly bytes: number;
  readonly damagedAfterSeq: number | null;
}
