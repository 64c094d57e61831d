import type { IClock } from '../clock.js';
import { codeOf } from '../failure.js';
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

/** How much the journal may take: a fixed bound, and a share of the volume's free space. */
export class RoomLimit {
  constructor(
    private readonly disk: IJournalDisk,
    private readonly clock: IClock,
    private readonly maxBytes: number
  ) {}

  /** What all files may take, while they take `usedBytes`. */
  allowedBytes(usedBytes: number): number {
    const share = (this.freeBytes + usedBytes) * FREE_SHARE;
    return Math.min(this.maxBytes, Math.max(LEAST_BYTES, share));
  }

  /** What unsaved work may take of that. */
  liveBytes(usedBytes: number): number {
    return LIVE_SHARE * this.allowedBytes(usedBytes);
  }

  /** Whether it is the volume that sets the bound. */
  isShort(usedBytes: number): boolean {
    return this.allowedBytes(usedBytes) < this.maxBytes;
  }

  get segmentBytes(): number {
    return Math.min(SEGMENT_BYTES, Math.max(LEAST_SEGMENT_BYTES, this.allowedBytes(0) / SEGMENTS));
  }

  /** Asks for the free space, if that is due; the answer counts when it comes. */
  look(): void {
    const nowMs = this.clock.monotonicMs();
    if (this.isAsking || nowMs - this.askedAtMs < LOOK_MS) {
      return;
    }
    this.isAsking = true;
    this.askedAtMs = nowMs;
    void this.ask().finally(() => (this.isAsking = false));
  }

  private async ask(): Promise<void> {
    try {
      this.freeBytes = await this.disk.freeBytes();
    } catch (error) {
      // No folder yet, or a home that fails: writing tells that.
      if (codeOf(error) === null) {
        throw error;
      }
    }
  }

  private freeBytes = Infinity;
  private isAsking = false;
  private askedAtMs = -Infinity;
}
