import type { CpuUsage } from '@labkeeper/protocol';
import type { ICollector } from './collector.js';
import type { CpuQuota, IPeriods } from './cpu-quota.js';
import type { ICpuTime } from './cpu-time.js';
import { ThrottledShare } from './throttled-share.js';

/** Two readings closer than this say nothing about a rate: the one before is given again. */
const SHORTEST_MS = 20;

/** What the collector is made of. */
export interface ICpuParts {
  readonly time: ICpuTime;
  readonly quota: CpuQuota;
  /** The hub's `CPU_LIMIT`, or null. */
  readonly environmentCores: number | null;
  readonly machineCores: number;
  readonly monotonicMs: () => number;
}

/** CPU of the container against its quota. */
export class CpuCollector implements ICollector<CpuUsage> {
  readonly name = 'cpu';

  /** Takes a first reading, so that the first sample has something to compare with. Owns its parts. */
  constructor(private readonly parts: ICpuParts) {
    this.lastMs = parts.monotonicMs();
    this.lastSeconds = parts.time.readSeconds();
  }

  get reason(): string | null {
    return this.parts.time.reason;
  }

  collect(): CpuUsage | null {
    const { time, quota, environmentCores, machineCores, monotonicMs } = this.parts;
    const nowMs = monotonicMs();
    const seconds = time.readSeconds();
    if (seconds === null) {
      return null;
    }
    const passedMs = nowMs - this.lastMs;
    if (this.lastSeconds === null || passedMs >= SHORTEST_MS) {
      // A counter that went back began anew: nothing is known of this interval.
      const used = Math.max(0, seconds - (this.lastSeconds ?? seconds));
      this.usedCores = passedMs > 0 ? used / (passedMs / 1000) : 0;
      this.lastMs = nowMs;
      this.lastSeconds = seconds;
    }
    const quotaCores = quota.readCores();
    this.periods = quota.readPeriods();
    return {
      usedCores: this.usedCores,
      quotaCores: lower(quotaCores, environmentCores),
      machineCores,
      throttledShare: this.periods === null ? null : this.share.add(this.periods, nowMs)
    };
  }

  /** Scheduler periods since the start, as the last sample found them; null = no quota, or no sample yet. */
  throttling(): IPeriods | null {
    return this.periods;
  }

  close(): void {
    this.parts.time.close();
    this.parts.quota.close();
  }

  private lastMs: number;
  private lastSeconds: number | null;
  private usedCores = 0;
  private periods: IPeriods | null = null;
  private readonly share = new ThrottledShare();
}

function lower(one: number | null, other: number | null): number | null {
  if (one === null || other === null) {
    return one ?? other;
  }
  return Math.min(one, other);
}
