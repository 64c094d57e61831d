import type { IClock } from '../clock.js';
import { codeOf } from '../failure.js';
import { NotOursError } from '../recorder/own-folder.js';
import { earlierSegments } from './earlier-boots.js';
import type { IJournalDisk } from './journal-disk.js';

/** The journal leaves three quarters of what is free to others. */
const FREE_SHARE = 0.25;
/** But so much it may always try, in bytes: unsaved work of a day is less, and a full disk says so itself. */
const LEAST_BYTES = 4 * 1024 * 1024;
/** The rest is what is of no use any more and not removed yet. */
const LIVE_SHARE = 0.75;
/** Longest segment, in bytes: it is the smallest piece in which room is made. */
const SEGMENT_BYTES = 2 * 1024 * 1024;
/** Shortest segment, and how many at least make up the whole. */
const LEAST_SEGMENT_BYTES = 16 * 1024;
const SEGMENTS = 16;
/** Free space is looked at no more often than this. */
const LOOK_MS = 30_000;
/** And what others have left, which changes less, no more often than this. */
const OTHERS_MS = 5 * 60_000;

export interface IRoomLimitOptions {
  readonly disk: IJournalDisk;
  readonly clock: IClock;
  /** Of this companion; files of others count against the bound. */
  readonly boot: string;
  readonly maxBytes: number;
}

/** How much the journal may take: a fixed bound for all in its folder, and a share of the volume's free space. */
export class RoomLimit {
  constructor(private readonly options: IRoomLimitOptions) {}

  /** What all files of this companion may take, while they take `usedBytes`. */
  allowedBytes(usedBytes: number): number {
    const share = (this.freeBytes + usedBytes) * FREE_SHARE;
    return Math.min(this.boundBytes, Math.max(LEAST_BYTES, share));
  }

  /** What unsaved work may take of that. */
  liveBytes(usedBytes: number): number {
    return LIVE_SHARE * this.allowedBytes(usedBytes);
  }

  /** Whether it is the volume that sets the bound. */
  isShort(usedBytes: number): boolean {
    return this.allowedBytes(usedBytes) < this.boundBytes;
  }

  get segmentBytes(): number {
    return Math.min(SEGMENT_BYTES, Math.max(LEAST_SEGMENT_BYTES, this.allowedBytes(0) / SEGMENTS));
  }

  /** Asks for the free space, if that is due; the answer counts when it comes. */
  look(): void {
    const nowMs = this.options.clock.monotonicMs();
    if (this.isAsking || nowMs - this.askedAtMs < LOOK_MS) {
      return;
    }
    this.isAsking = true;
    this.askedAtMs = nowMs;
    void this.ask().finally(() => (this.isAsking = false));
  }

  /** What the others leave; work that nobody has decided about must not keep new work from being safe. */
  private get boundBytes(): number {
    const { maxBytes } = this.options;
    return Math.max(Math.min(LEAST_BYTES, maxBytes), maxBytes - this.othersBytes);
  }

  private async ask(): Promise<void> {
    try {
      this.freeBytes = await this.options.disk.freeBytes();
      if (this.askedAtMs - this.othersAtMs >= OTHERS_MS) {
        this.othersAtMs = this.askedAtMs;
        this.othersBytes = await this.sizeOfOthers();
      }
    } catch (error) {
      // No folder yet, or a home that fails: writing tells that.
      if (codeOf(error) === null) {
        throw error;
      }
    }
  }

  /** Bytes of what earlier companions left, and others of this server's name write. */
  private async sizeOfOthers(): Promise<number> {
    const { disk, boot } = this.options;
    let bytes = 0;
    for (const name of [...(await earlierSegments(disk, boot)).values()].flat()) {
      try {
        bytes += (await disk.state(name)).sizeBytes;
      } catch (error) {
        // It is gone meanwhile, or is no file of ours.
        if (codeOf(error) === null && !(error instanceof NotOursError)) {
          throw error;
        }
      }
    }
    return bytes;
  }

  private freeBytes = Infinity;
  private othersBytes = 0;
  private othersAtMs = -Infinity;
  private isAsking = false;
  private askedAtMs = -Infinity;
}
