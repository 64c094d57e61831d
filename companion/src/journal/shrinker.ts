import type { DocumentKind } from '@labkeeper/protocol';
import { reasonOf } from '../failure.js';
import type { IClock } from '../clock.js';
import type { Log } from '../log.js';
import type { Cleaner } from './cleaner.js';
import type { IJournalDisk } from './journal-disk.js';
import { FoldedBytes } from './folded-bytes.js';
import { encodeRecord, FRAME_BYTES } from './log-record.js';
import type { OpenRun } from './open-run.js';
import { readBatches } from './read-batches.js';
import { scanBoot } from './scan-boot.js';
import type { IEntry, SegmentLog } from './segment-log.js';

/** What a fold may take, in bytes: with its head it is one frame. */
const FOLD_BYTES = FRAME_BYTES - 64;

/** Takes the records of one run, and gives fewer ones that say the same. It may throw where they make no sense. */
export interface IRunFold {
  /** Takes the next record, a JSON line. */
  add(line: string): void;
  /** Records that say the same as all so far, the base first. */
  lines(): readonly string[];
}

export interface IShrinkerOptions {
  readonly disk: IJournalDisk;
  readonly segments: SegmentLog;
  readonly cleaner: Cleaner;
  readonly clock: IClock;
  readonly log: Log;
  readonly boot: string;
  readonly bootAtMs: number;
  /** A run that is smaller is not worth the work, in bytes. */
  readonly worthBytes: () => number;
  readonly add: (entry: IEntry) => void;
  readonly fold: (kind: DocumentKind) => IRunFold;
}

/**
 * Replaces the records of a long run by fewer ones that say the same: a cell that was run a hundred times is there a
 * hundred times. Only when room becomes scarce, because all of it is read for that.
 */
export class Shrinker {
  constructor(private readonly options: IShrinkerOptions) {}

  /** Shrinks the largest of `runs` that it is worth for, in the background. */
  shrink(runs: Iterable<OpenRun>): void {
    if (this.shrinking) {
      return;
    }
    let largest: OpenRun | null = null;
    let largestBytes = this.options.worthBytes();
    for (const run of runs) {
      const bytes = sum(this.options.segments.bytesOf(run.number).values());
      // Each time it must have doubled, so that all the reading stays in proportion to what is written.
      if (run.state === 'open' && bytes >= Math.max(largestBytes, 2 * (this.triedBytes.get(run) ?? 0))) {
        largest = run;
        largestBytes = bytes;
      }
    }
    if (largest) {
      this.triedBytes.set(largest, largestBytes);
      this.shrinking = true;
      void this.tryRun(largest).finally(() => (this.shrinking = false));
    }
  }

  private async tryRun(run: OpenRun): Promise<void> {
    try {
      await this.shrinkRun(run);
    } catch (error) {
      // The run stays as it is, which is complete; recovery will meet the same and tell it.
      this.options.log(`Unsaved work of ${run.path} could not be made smaller: ${reasonOf(error)}`);
    }
  }

  private async shrinkRun(run: OpenRun): Promise<void> {
    const { disk, segments, cleaner, boot, bootAtMs, clock, add } = this.options;
    const hold = await cleaner.hold();
    try {
      const folded = new FoldedBytes(run.number, (frame, isFold) => run.isOfUse(frame, isFold));
      const names = segments.segments.map(({ name }) => name);
      const scan = await scanBoot(disk, boot, names, (record, place) => folded.see(record, place));
      const readable = scan.runs.get(run.number)?.readable(scan.damages);
      const body = readable && !readable.damaged ? await this.fold(run, readable) : null;
      if (!readable || body === null || run.state !== 'open') {
        return;
      }
      const frame = readable.lastFrame;
      const fold = { kind: 'fold', number: run.number, frame, seq: readable.lastSeq, body } as const;
      const bytes = encodeRecord({ ...fold, atMs: readable.lastAtMs || clock.wallMs() }, bootAtMs);
      await new Promise<void>(resolve => add({ bytes, owner: run.number, isMoved: true, durable: resolve }));
      run.foldedFrame = frame;
      segments.releaseBytes(run.number, folded.upTo(frame));
      this.triedBytes.set(run, bytes.length);
    } finally {
      hold.dispose();
    }
  }

  /** @returns null when it takes too much. */
  private async fold(run: OpenRun, readable: Parameters<typeof readBatches>[2]): Promise<Buffer | null> {
    const fold = this.options.fold(run.kind);
    for await (const { text } of readBatches(this.options.disk, run.number, readable)) {
      for (const line of text.split('\n')) {
        if (line !== '') {
          fold.add(line);
        }
      }
    }
    const body = Buffer.from(fold.lines().join('\n'), 'utf8');
    return body.length <= FOLD_BYTES ? body : null;
  }

  private shrinking = false;
  private readonly triedBytes = new WeakMap<OpenRun, number>();
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) {
    total += number;
  }
  return total;
}
