import { codeOf } from '../failure.js';
import { NotOursError } from '../recorder/own-folder.js';
import { FrameScanner, type Scanned } from './frame-scanner.js';
import type { IDisposable } from '../clock.js';
import type { IJournalDisk } from './journal-disk.js';
import { FRAME_BYTES, parseRecord } from './log-record.js';
import type { IEntry, ISegment, SegmentLog } from './segment-log.js';

/** So much is moved with one commit, in bytes: whatever waits beside it hardly notices. */
const MOVED_BYTES = 512 * 1024;
/** With so much of the allowed size in use, in parts of 1, room is made also where little can be won. */
const TIGHT = 0.85;

export interface ICleanerOptions {
  readonly disk: IJournalDisk;
  readonly segments: SegmentLog;
  /** Adds to what will be committed. */
  readonly add: (entry: IEntry) => void;
  /** Whether a frame of a run is of use. */
  readonly isOfUse: (owner: number, frame: number, isFold: boolean) => boolean;
  readonly segmentBytes: () => number;
  readonly allowedBytes: () => number;
  /** Records of a run cannot be read back any more. */
  readonly damaged: (owner: number) => void;
}

/**
 * Removes segments in which nothing is of use, and moves what is of use out of those where that is the smaller part. A
 * segment goes only when everything that was moved is on the disk, so a crash leaves frames twice, never not at all.
 */
export class Cleaner {
  constructor(private readonly options: ICleanerOptions) {}

  /** Whether something is being removed or moved. */
  get isBusy(): boolean {
    return this.cleaning !== null;
  }

  /** Looks what there is to do, and does it, in the background. */
  clean(): void {
    if (this.held === 0 && this.cleaning === null && this.next() !== null) {
      this.cleaning = this.cleanAll().finally(() => (this.cleaning = null));
    }
  }

  /** While somebody reads, nothing is moved. */
  async hold(): Promise<IDisposable> {
    this.held += 1;
    await this.cleaning;
    let isHeld = true;
    return {
      dispose: () => {
        this.held -= isHeld ? 1 : 0;
        isHeld = false;
      }
    };
  }

  /** Resolves when nothing is being removed or moved. Never, while the home does not take what is moved. */
  async settled(): Promise<void> {
    await this.cleaning;
  }

  private async cleanAll(): Promise<void> {
    try {
      for (let segment = this.next(); segment !== null && this.held === 0; segment = this.next()) {
        // Where this fails it is not tried again: what was moved would be moved twice.
        this.tried.add(segment.name);
        if (segment.liveBytes.size > 0) {
          await this.moveFrom(segment);
        }
        await this.options.segments.remove(segment.name);
      }
    } catch (error) {
      // The home fails; writing meets the same and tells it. Or somebody put another file there. What was not removed stays.
      if (codeOf(error) === null && !(error instanceof NotOursError)) {
        throw error;
      }
    }
  }

  /** The segment to remove next; null = it is not worth it. */
  private next(): ISegment | null {
    const { segments, allowedBytes, segmentBytes } = this.options;
    if (segments.segments.length < 2) {
      return null;
    }
    const closed = segments.segments.filter(
      ({ name, liveBytes }) => name !== segments.currentName && !(liveBytes.size > 0 && this.tried.has(name))
    );
    const byUse = closed.sort((a, b) => usedShare(a) - usedShare(b));
    const emptiest = byUse[0];
    if (!emptiest || emptiest.liveBytes.size === 0) {
      return emptiest ?? null;
    }
    const { sizeBytes, liveBytes } = segments;
    const deadBytes = sizeBytes - liveBytes;
    const isWorthIt = deadBytes > liveBytes + 2 * segmentBytes();
    const isTight = sizeBytes > TIGHT * allowedBytes() && deadBytes > segmentBytes();
    return isWorthIt || isTight ? emptiest : null;
  }

  private async moveFrom(segment: ISegment): Promise<void> {
    const { disk, damaged } = this.options;
    const left = new Map(segment.liveBytes);
    const frames = new FrameScanner(FRAME_BYTES, 0);
    let isDamaged = false;
    let batch: IEntry[] = [];
    let batchBytes = 0;
    const take = (scanned: Iterable<Scanned>): void => {
      for (const item of scanned) {
        isDamaged ||= item.kind === 'damage';
        const entry = this.entryOf(item);
        if (entry) {
          left.set(entry.owner, (left.get(entry.owner) ?? 0) - entry.bytes.length);
          batch.push(entry);
          batchBytes += entry.bytes.length;
        }
      }
    };
    let readBytes = 0;
    for await (const piece of disk.read(segment.name, 0, segment.sizeBytes)) {
      readBytes += piece.length;
      take(frames.push(piece));
      if (batchBytes >= MOVED_BYTES) {
        await this.commit(batch);
        batch = [];
        batchBytes = 0;
      }
    }
    take(frames.end());
    // What is damaged at the very end has no frame behind it that would show it.
    isDamaged ||= frames.tail.bytes > 0 || readBytes < segment.sizeBytes;
    await this.commit(batch);
    for (const [owner, bytes] of left) {
      if (isDamaged && bytes > 0 && segment.liveBytes.has(owner)) {
        damaged(owner);
      }
    }
  }

  /** null = it is of no use. */
  private entryOf(item: Scanned): (IEntry & { readonly owner: number }) | null {
    const record = item.kind === 'frame' ? parseRecord(item.body, 0) : null;
    if (item.kind !== 'frame' || (record?.kind !== 'batch' && record?.kind !== 'fold')) {
      return null;
    }
    return this.options.isOfUse(record.number, record.frame, record.kind === 'fold')
      ? { bytes: Buffer.from(item.bytes), owner: record.number, isMoved: true }
      : null;
  }

  private async commit(entries: readonly IEntry[]): Promise<void> {
    const last = entries.at(-1);
    if (last) {
      const { add } = this.options;
      entries.slice(0, -1).forEach(add);
      await new Promise<void>(resolve => add({ ...last, durable: resolve }));
    }
  }

  private held = 0;
  private readonly tried = new Set<string>();
  private cleaning: Promise<void> | null = null;
}

function usedShare({ sizeBytes, liveBytes }: ISegment): number {
  let used = 0;
  for (const bytes of liveBytes.values()) {
    used += bytes;
  }
  return used / Math.max(1, sizeBytes);
}
