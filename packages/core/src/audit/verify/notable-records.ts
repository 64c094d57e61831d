import type { IListed, IToldGap, IUnreadable } from './verify-report.js';

/** So many of each are listed. */
const LISTED = 1000;

/** Records that are in order, and that a reader has to know of all the same. */
export class NotableRecords {
  gap(gap: IToldGap): void {
    this.gapCount += 1;
    this.causes.set(gap.cause, (this.causes.get(gap.cause) ?? 0) + 1);
    if (this.gaps.length < LISTED) {
      this.gaps.push(gap);
    }
  }

  unreadable(record: IUnreadable): void {
    this.unreadableCount += 1;
    if (this.unread.length < LISTED) {
      this.unread.push(record);
    }
  }

  summary(): {
    readonly gaps: IListed<IToldGap> & { readonly byCause: Readonly<Record<string, number>> };
    readonly unreadable: IListed<IUnreadable>;
  } {
    return {
      gaps: { count: this.gapCount, first: this.gaps, byCause: Object.fromEntries(this.causes) },
      unreadable: { count: this.unreadableCount, first: this.unread }
    };
  }

  private readonly gaps: IToldGap[] = [];
  private readonly unread: IUnreadable[] = [];
  private readonly causes = new Map<string, number>();
  private gapCount = 0;
  private unreadableCount = 0;
}
