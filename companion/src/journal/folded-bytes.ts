import type { LogRecord } from './log-record.js';
import type { IPlace } from './run-scan.js';

/**
 * Counts, while segments are read in their order, which bytes of a run a new fold will stand for. A batch that is still
 * arriving is not among them: its pieces are on the disk and acknowledged, and the fold knows nothing of them.
 */
export class FoldedBytes {
  /**
   * @param number - of the run.
   * @param isOfUse - whether a frame still counts: those behind an earlier fold do not.
   */
  constructor(
    private readonly number: number,
    private readonly isOfUse: (frame: number, isFold: boolean) => boolean
  ) {}

  /** Takes what lies in a segment, and where. */
  see(record: LogRecord, { segment, at, end }: IPlace): void {
    if ((record.kind !== 'batch' && record.kind !== 'fold') || record.number !== this.number) {
      return;
    }
    const { kind, frame } = record;
    if (this.isOfUse(frame, kind === 'fold')) {
      this.pending.push({ segment, frame, bytes: end - at });
      if (kind === 'fold' || record.last) {
        this.count(frame);
      }
    }
  }

  /** Bytes of all frames up to `lastFrame`, which ends a batch, by segment. */
  upTo(lastFrame: number): ReadonlyMap<string, number> {
    this.count(lastFrame);
    return this.bySegment;
  }

  private count(lastFrame: number): void {
    const later: IFrame[] = [];
    for (const frame of this.pending) {
      if (frame.frame > lastFrame) {
        later.push(frame);
      } else {
        this.bySegment.set(frame.segment, (this.bySegment.get(frame.segment) ?? 0) + frame.bytes);
      }
    }
    this.pending = later;
  }

  private readonly bySegment = new Map<string, number>();
  /** Of batches that are not whole so far. */
  private pending: IFrame[] = [];
}

interface IFrame {
  readonly segment: string;
  readonly frame: number;
  readonly bytes: number;
}
