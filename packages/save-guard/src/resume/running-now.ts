import { LINE_LENGTH, type RunningCell } from '@labkeeper/protocol';
import type { IExecutionFollower, IRunningCell } from '../running-cells.js';

/** Knows the cell that a notebook's kernel works at, and since when. */
export class RunningNow implements IExecutionFollower {
  /**
   * @param now - ms since the Unix epoch.
   * @param changed - called when it is another cell.
   */
  constructor(
    private readonly now: () => number,
    private readonly changed: () => void
  ) {}

  /** null = none. */
  get cell(): RunningCell | null {
    const [first] = this.asked.values();
    return first
      ? {
          kernelId: first.kernelId,
          line: firstLine(first.source ?? ''),
          sinceMs: this.sinceMs,
          waiting: this.asked.size - 1
        }
      : null;
  }

  executing(cell: IRunningCell): void {
    if (this.asked.size === 0) {
      this.sinceMs = this.now();
    }
    this.asked.set(cell.msgId, cell);
    this.changed();
  }

  executed(msgId: string): void {
    if (this.asked.delete(msgId)) {
      // The kernel goes on with the next one.
      this.sinceMs = this.now();
      this.changed();
    }
  }

  kernelEnded(): void {
    if (this.asked.size > 0) {
      this.asked.clear();
      this.changed();
    }
  }

  /** In the order in which a kernel takes them. */
  private readonly asked = new Map<string, IRunningCell>();
  private sinceMs = 0;
}

/** The first line that is not empty, as long as may be told. */
function firstLine(source: string): string {
  const line = source.split('\n').find(each => each.trim() !== '') ?? '';
  const cut = line.trim().slice(0, LINE_LENGTH);
  // A character that is two units wide is not cut in half.
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}
