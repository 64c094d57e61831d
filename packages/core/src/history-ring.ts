import type { History } from '@labkeeper/protocol';

/** What a history keeps of one sample; null = not known. */
export interface IHistoryPoint {
  readonly atMs: number;
  readonly unreclaimableBytes: number | null;
  readonly cacheBytes: number | null;
  readonly cpuCores: number | null;
  readonly throttledShare: number | null;
}

/** A pause longer than this many steps is a gap: nobody looked. */
const GAP_STEPS = 3;
/** A timer may come this much early and still begin a new step, so that 1 Hz samples do not share one. */
const EARLY_MS = 250;

/**
 * A bounded history. Points within one step are folded: the highest memory, the mean CPU. So one class serves both
 * the seconds and the minutes.
 */
export class HistoryRing {
  /**
   * @param stepMs - distance of two entries.
   * @param capacity - how many entries are kept; the oldest go first.
   */
  constructor(options: { readonly stepMs: number; readonly capacity: number }) {
    this.stepMs = options.stepMs;
    this.capacity = options.capacity;
    this.columns = Array.from({ length: 5 }, () => new Float64Array(options.capacity));
  }

  /**
   * Takes a point. After a pause (laptop asleep, companion stopped) an empty entry marks the gap. When the clock was
   * set back, the entries move back with it: their age stays right, and the order of time holds.
   */
  add(point: IHistoryPoint): void {
    let { atMs } = point;
    if (this.length > 0 && atMs < this.lastAtMs) {
      if (this.lastAtMs - atMs > this.stepMs) {
        this.shift(atMs - this.lastAtMs - this.stepMs);
      } else {
        atMs = this.lastAtMs;
      }
    }
    if (this.length > 0 && atMs - this.lastAtMs > GAP_STEPS * this.stepMs) {
      this.open({ atMs: this.lastAtMs + this.stepMs, ...NOTHING });
      this.open({ ...point, atMs });
    } else if (
      this.length > 0 &&
      atMs - this.openedAtMs < this.stepMs - Math.min(EARLY_MS, this.stepMs / 5)
    ) {
      this.fold(point);
    } else {
      this.open({ ...point, atMs });
    }
    this.lastAtMs = atMs;
  }

  /** Everything kept, oldest first. */
  read(): History {
    const column = (index: number) => {
      const values = this.columns[index] ?? new Float64Array();
      return Array.from({ length: this.length }, (_, i) => {
        const value = values[(this.first + i) % this.capacity] ?? NaN;
        return Number.isNaN(value) ? null : value;
      });
    };
    return {
      stepMs: this.stepMs,
      atMs: column(0).map(atMs => atMs ?? 0),
      unreclaimableBytes: column(1),
      cacheBytes: column(2),
      cpuCores: column(3),
      throttledShare: column(4)
    };
  }

  private open(point: IHistoryPoint): void {
    if (this.length === this.capacity) {
      this.first = (this.first + 1) % this.capacity;
    } else {
      this.length += 1;
    }
    this.cpu = { sum: 0, count: 0 };
    this.throttled = { sum: 0, count: 0 };
    this.openedAtMs = point.atMs;
    this.write(0, point.atMs);
    for (const index of [1, 2, 3, 4]) {
      this.write(index, NaN);
    }
    this.fold(point);
  }

  private fold(point: IHistoryPoint): void {
    const highest = this.value(1);
    if (point.unreclaimableBytes !== null && !(highest > point.unreclaimableBytes)) {
      // Cache goes with the memory it stood beside, so that the two still add up.
      this.write(1, point.unreclaimableBytes);
      this.write(2, point.cacheBytes ?? NaN);
    }
    this.write(3, mean(this.cpu, point.cpuCores));
    this.write(4, mean(this.throttled, point.throttledShare));
  }

  private shift(byMs: number): void {
    const times = this.columns[0];
    for (let i = 0; times && i < this.length; i++) {
      const at = (this.first + i) % this.capacity;
      times[at] = Math.max(0, (times[at] ?? 0) + byMs);
    }
    this.lastAtMs += byMs;
    this.openedAtMs += byMs;
  }

  private value(column: number): number {
    return this.columns[column]?.[this.newest] ?? NaN;
  }

  private write(column: number, value: number): void {
    const values = this.columns[column];
    if (values) {
      values[this.newest] = value;
    }
  }

  private get newest(): number {
    return (this.first + this.length - 1) % this.capacity;
  }

  private readonly stepMs: number;
  private readonly capacity: number;
  /** atMs, unreclaimable, cache, CPU, throttled; NaN stands for null. */
  private readonly columns: readonly Float64Array[];
  private first = 0;
  private length = 0;
  private lastAtMs = 0;
  private openedAtMs = 0;
  private cpu = { sum: 0, count: 0 };
  private throttled = { sum: 0, count: 0 };
}

const NOTHING = { unreclaimableBytes: null, cacheBytes: null, cpuCores: null, throttledShare: null };

function mean(total: { sum: number; count: number }, value: number | null): number {
  if (value !== null) {
    total.sum += value;
    total.count += 1;
  }
  return total.count > 0 ? total.sum / total.count : NaN;
}
