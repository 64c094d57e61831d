/**
 * How old the oldest change is that has not reached a place yet: a file, a disk, the browser's store. Changes are
 * counted; a place holds everything up to some count.
 */
export class WorkAge {
  /** The place holds everything up to this count. */
  get safeCount(): number {
    return this.held;
  }

  /** Whether there is a change that the place does not hold. */
  get isBehind(): boolean {
    return this.waiting.length > 0;
  }

  /** When the oldest change came that the place does not hold, monotonic ms; null = it holds everything. */
  get sinceMs(): number | null {
    return this.waiting[0]?.atMs ?? null;
  }

  /**
   * A change came.
   *
   * @param count - its number; larger than that of all changes before.
   * @param nowMs - monotonic.
   */
  changed(count: number, nowMs: number): void {
    const last = this.waiting.at(-1);
    // Changes close together count as one that came with the first: an age that errs is never too young.
    if (last && nowMs - last.atMs < GRAIN_MS) {
      last.count = count;
      return;
    }
    if (this.waiting.length === LONGEST) {
      // Every second entry goes into the one before it, again on the side of caution.
      this.waiting = this.waiting.filter((entry, index) => {
        const next = this.waiting[index + 1];
        if (index % 2 === 0 && next) {
          entry.count = next.count;
        }
        return index % 2 === 0;
      });
    }
    this.waiting.push({ count, atMs: nowMs });
  }

  /** The place holds everything up to and including `count`. */
  reached(count: number): void {
    this.held = Math.max(this.held, count);
    while (this.waiting.length > 0 && (this.waiting[0]?.count ?? Infinity) <= count) {
      this.waiting.shift();
    }
  }

  /** What the place held is gone (a journal that was lost): the oldest of these changes is as old as `sinceMs` says. */
  lost(count: number, sinceMs: number): void {
    this.held = 0;
    this.waiting = [{ count, atMs: sinceMs }];
  }

  private held = 0;
  private waiting: { count: number; atMs: number }[] = [];
}

const GRAIN_MS = 100;
const LONGEST = 256;
