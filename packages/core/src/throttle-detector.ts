/** A reading of the scheduler's counters, and what ran. At least a second apart. */
export interface IThrottleReading {
  readonly atMs: number;
  /** Scheduler periods since the start: all, and throttled ones (cpu.stat nr_periods, nr_throttled). */
  readonly periods: number;
  readonly throttled: number;
  /** null = no quota: nothing can be throttled. */
  readonly quotaCores: number | null;
  readonly kernels: readonly IThrottledKernel[];
}

export interface IThrottledKernel {
  readonly kernelId: string;
  readonly title: string;
  readonly busy: boolean;
  /** Threads of one process that run or want to run at this moment; null = not looked, or not known. */
  readonly runnable: number | null;
}

/** A running cell suffered from the quota. */
export interface IThrottleFinding {
  readonly kernelId: string;
  readonly title: string;
  /** Share of throttled periods while it lasted. */
  readonly share: number;
  readonly forMs: number;
  /** How many threads wanted to run at once, on average while it lasted; null = not known. */
  readonly threads: number | null;
  readonly quotaCores: number;
  /** More threads wanted to run than the quota lets, as far as is known; else the quota is simply small. */
  readonly cause: 'threads' | 'small-quota';
}

export interface IThrottleOptions {
  /** How long it must last, in milliseconds; default 5 min. */
  readonly windowMs?: number;
  /** Share of throttled periods from which on it counts; default one half. */
  readonly share?: number;
}

/** So many looks at the threads before their number is known: one can fall into a pause. */
const LEAST_LOOKS = 5;
/** Fewer periods per second than this: the container hardly ran, so being throttled in them cost nothing. */
const LEAST_PERIODS_PER_SECOND = 2;
/** Longer without a reading than this: nobody knows what was in between. */
const LOST_MS = 60_000;

/** Finds cells that are slow because of the CPU quota. A small quota alone, with nothing that waits, is normal life. */
export class ThrottleDetector {
  constructor(options: IThrottleOptions = {}) {
    this.windowMs = options.windowMs ?? 5 * 60_000;
    this.threshold = options.share ?? 0.5;
    // Throttling must last, so it is judged in slices: one quiet slice ends it.
    this.sliceMs = Math.max(1000, this.windowMs / 20);
  }

  /**
   * Takes a reading.
   *
   * @returns what suffers now: the kernel with most threads that want to run among those that were busy and throttled for the whole
   * window; null = nothing.
   */
  add(reading: IThrottleReading): IThrottleFinding | null {
    const { slice } = this;
    if (reading.quotaCores === null || reading.quotaCores <= 0) {
      this.reset();
      return null;
    }
    if (!slice || lostSince(slice.last, reading)) {
      this.reset();
      this.slice = begin(reading);
      return null;
    }
    slice.last = reading;
    this.count(reading);
    for (const kernelId of slice.busy) {
      if (!reading.kernels.some(kernel => kernel.kernelId === kernelId && kernel.busy)) {
        slice.busy.delete(kernelId);
        this.suffering.delete(kernelId);
        this.wanting.delete(kernelId);
      }
    }
    if (reading.atMs - slice.first.atMs >= this.sliceMs) {
      this.close(slice);
      this.slice = begin(reading);
    }
    return this.finding(reading, reading.quotaCores);
  }

  /** Forgets everything, as at the start. */
  reset(): void {
    this.slice = null;
    this.suffering.clear();
    this.wanting.clear();
  }

  /** Adds up how many threads wanted to run. */
  private count(reading: IThrottleReading): void {
    for (const { kernelId, runnable, busy } of reading.kernels) {
      if (busy && runnable !== null) {
        const { sum, looks } = this.wanting.get(kernelId) ?? { sum: 0, looks: 0 };
        this.wanting.set(kernelId, { sum: sum + runnable, looks: looks + 1 });
      }
    }
  }

  private threadsOf(kernelId: string): number | null {
    const { sum, looks } = this.wanting.get(kernelId) ?? { sum: 0, looks: 0 };
    return looks < LEAST_LOOKS ? null : Math.round(sum / looks);
  }

  private close({ first, last, busy }: ISlice): void {
    const periods = last.periods - first.periods;
    const seconds = (last.atMs - first.atMs) / 1000;
    const high =
      periods >= LEAST_PERIODS_PER_SECOND * seconds &&
      (last.throttled - first.throttled) / periods >= this.threshold;
    if (!high) {
      this.suffering.clear();
      this.wanting.clear();
      return;
    }
    for (const kernelId of busy) {
      if (!this.suffering.has(kernelId)) {
        this.suffering.set(kernelId, first);
      }
    }
  }

  private finding(now: IThrottleReading, quotaCores: number): IThrottleFinding | null {
    const findings = now.kernels.flatMap((kernel): IThrottleFinding[] => {
      const since = this.suffering.get(kernel.kernelId);
      const forMs = since ? now.atMs - since.atMs : 0;
      if (!since || forMs < this.windowMs) {
        return [];
      }
      const threads = this.threadsOf(kernel.kernelId);
      return [
        {
          kernelId: kernel.kernelId,
          title: kernel.title,
          share: Math.min(1, (now.throttled - since.throttled) / Math.max(1, now.periods - since.periods)),
          forMs,
          threads,
          quotaCores,
          cause: threads !== null && threads > Math.ceil(quotaCores) ? 'threads' : 'small-quota'
        }
      ];
    });
    return findings.sort((a, b) => (b.threads ?? 0) - (a.threads ?? 0))[0] ?? null;
  }

  private readonly windowMs: number;
  private readonly threshold: number;
  private readonly sliceMs: number;
  private slice: ISlice | null = null;
  /** Since which reading each kernel was busy in slices that were all throttled. */
  private readonly suffering = new Map<string, IThrottleReading>();
  /** How many threads of each kernel wanted to run, in all looks since it has been busy and throttled. */
  private readonly wanting = new Map<string, { readonly sum: number; readonly looks: number }>();
}

/** How many threads a quota feeds: at least one. */
export function threadsFor(quotaCores: number): number {
  return Math.max(1, Math.floor(quotaCores));
}

interface ISlice {
  readonly first: IThrottleReading;
  last: IThrottleReading;
  /** Kernels busy in every reading of the slice. */
  readonly busy: Set<string>;
}

function begin(first: IThrottleReading): ISlice {
  const busy = first.kernels.filter(kernel => kernel.busy).map(kernel => kernel.kernelId);
  return { first, last: first, busy: new Set(busy) };
}

/** Whether nothing can be said about the time between two readings: a pause, a clock set back, other counters. */
function lostSince(last: IThrottleReading, now: IThrottleReading): boolean {
  return (
    now.atMs < last.atMs ||
    now.atMs - last.atMs > LOST_MS ||
    now.periods < last.periods ||
    now.throttled < last.throttled
  );
}
