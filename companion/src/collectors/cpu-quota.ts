import { join } from 'node:path';
import { nextWord, numberAt } from '../adapters/digits.js';
import { KeyedFile } from '../adapters/keyed-file.js';
import { NumberFile } from '../adapters/number-file.js';
import { OpenFile } from '../adapters/open-file.js';
import type { ICgroup } from './locate-cgroups.js';

/** Counters of the scheduler for a group with a quota, since the group was made. */
export interface IPeriods {
  readonly periods: number;
  readonly throttled: number;
}

/** The quota of one group, and how often it was in force. */
interface IQuotaGroup {
  /** Cores; Infinity = none. */
  readCores(): number;
  readonly statistics: KeyedFile<'nr_periods' | 'nr_throttled'>;
  close(): void;
}

/**
 * The lowest CPU quota of the container and of the groups above it that can be seen. The periods counted are those
 * of the group whose quota it is: a container whose pod is throttled has counters of its own that stand still.
 */
export class CpuQuota {
  constructor(group: ICgroup | null) {
    const make = group?.version === 1 ? quotaV1 : quotaV2;
    this.groups = group ? [group.path, ...group.parents].map(make) : [];
  }

  /** Cores; null = no quota. Read afresh: it changes under a running container. */
  readCores(): number | null {
    this.lowest = null;
    let lowestCores = Infinity;
    for (const group of this.groups) {
      const cores = group.readCores();
      if (cores < lowestCores) {
        lowestCores = cores;
        this.lowest = group;
      }
    }
    return this.lowest === null ? null : lowestCores;
  }

  /** Of the group that `readCores` last found to have the lowest quota; null = no quota. */
  readPeriods(): IPeriods | null {
    if (!this.lowest?.statistics.read()) {
      return null;
    }
    const periods = this.lowest.statistics.get('nr_periods');
    const throttled = this.lowest.statistics.get('nr_throttled');
    return periods === null || throttled === null ? null : { periods, throttled };
  }

  close(): void {
    this.groups.forEach(group => group.close());
  }

  private readonly groups: readonly IQuotaGroup[];
  private lowest: IQuotaGroup | null = null;
}

/** cpu.cfs_quota_us (−1 = none) over cpu.cfs_period_us. */
function quotaV1(path: string): IQuotaGroup {
  const quota = new NumberFile(join(path, 'cpu.cfs_quota_us'));
  const period = new NumberFile(join(path, 'cpu.cfs_period_us'));
  const statistics = periodsIn(path);
  return {
    statistics,
    readCores: () => {
      const quotaUs = quota.read();
      const periodUs = quotaUs !== null && quotaUs > 0 ? period.read() : null;
      return quotaUs !== null && periodUs !== null && periodUs > 0 ? quotaUs / periodUs : Infinity;
    },
    close: () => [quota, period, statistics].forEach(file => file.close())
  };
}

/** `cpu.max`: quota (or `max`) and period. */
function quotaV2(path: string): IQuotaGroup {
  const file = new OpenFile(join(path, 'cpu.max'));
  const statistics = periodsIn(path);
  return {
    statistics,
    readCores: () => {
      const length = file.read();
      if (length <= 0) {
        return Infinity;
      }
      const quotaUs = numberAt(OpenFile.bytes, 0, length);
      const periodUs = numberAt(OpenFile.bytes, nextWord(OpenFile.bytes, 0, length), length);
      return quotaUs > 0 && periodUs > 0 ? quotaUs / periodUs : Infinity;
    },
    close: () => [file, statistics].forEach(each => each.close())
  };
}

function periodsIn(path: string): KeyedFile<'nr_periods' | 'nr_throttled'> {
  return new KeyedFile(join(path, 'cpu.stat'), ['nr_periods', 'nr_throttled']);
}
