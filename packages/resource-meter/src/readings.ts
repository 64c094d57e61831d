import { DEFAULT_THRESHOLDS, level, type Level } from '@labkeeper/core';
import type { GpuUsage, Sample } from '@labkeeper/protocol';
import type { IMeterSettings } from './settings.js';

/** Memory as the meter shows it. */
export interface IMemoryReading {
  readonly kind: 'memory';
  /** What cannot be freed. */
  readonly usedBytes: number;
  readonly cacheBytes: number;
  /** The limit, or the machine's memory; null = neither is known. */
  readonly wholeBytes: number | null;
  /** Whether `wholeBytes` is a limit of the container. */
  readonly limited: boolean;
  /** Of the whole, 0 to 1; null = the whole is not known. */
  readonly share: number | null;
  readonly level: Level;
}

/** CPU as the meter shows it. A busy CPU is no danger, so there is no level. */
export interface ICpuReading {
  readonly kind: 'cpu';
  readonly usedCores: number;
  /** The quota, or the machine's cores. */
  readonly wholeCores: number;
  readonly limited: boolean;
  readonly share: number;
  readonly throttledShare: number | null;
  readonly level: Level;
}

/** The GPU that is nearest to its bounds. */
export interface IGpuReading {
  readonly kind: 'gpu';
  readonly gpu: GpuUsage;
  /** How many there are. */
  readonly count: number;
  readonly share: number | null;
  readonly level: Level;
}

export type Reading = IMemoryReading | ICpuReading | IGpuReading;
/** The level of each reading a moment ago. */
export type Levels = Readonly<Partial<Record<Reading['kind'], Level>>>;

/**
 * What the meter shows of a sample: memory, CPU, GPU, in this order, as far as the machine says and the user wants.
 *
 * @param before - the levels of the last readings; a level falls only when the share is clearly below its threshold.
 */
export function readings(sample: Sample, settings: IMeterSettings, before: Levels): readonly Reading[] {
  const found: (Reading | null)[] = [
    settings.showMemory ? memoryReading(sample, settings, before) : null,
    settings.showCpu ? cpuReading(sample) : null,
    settings.showGpu ? gpuReading(sample, settings, before) : null
  ];
  return found.filter(reading => reading !== null);
}

/** The reading that matters most when there is room for one: the highest level, then the fullest; memory before others. */
export function worstReading(all: readonly Reading[]): Reading | null {
  const rank = { ok: 0, warning: 1, danger: 2 };
  return all.reduce<Reading | null>((worst, reading) => {
    if (worst === null) {
      return reading;
    }
    const difference = rank[reading.level] - rank[worst.level];
    return difference > 0 || (difference === 0 && (reading.share ?? 0) > (worst.share ?? 0))
      ? reading
      : worst;
  }, null);
}

/** Memory of a sample, against its limit; null = the machine does not say. */
export function memoryReading(
  sample: Sample,
  settings: IMeterSettings,
  before: Levels
): IMemoryReading | null {
  const { memory } = sample;
  if (!memory) {
    return null;
  }
  const share = memory.limitBytes ? memory.unreclaimableBytes / memory.limitBytes : null;
  return {
    kind: 'memory',
    usedBytes: memory.unreclaimableBytes,
    cacheBytes: memory.cacheBytes,
    wholeBytes: memory.limitBytes,
    limited: memory.limitBytes !== null && memory.limitSource !== 'machine',
    share,
    level: level(before.memory ?? 'ok', share, thresholds(settings))
  };
}

function cpuReading({ cpu }: Sample): ICpuReading | null {
  if (!cpu) {
    return null;
  }
  const wholeCores = cpu.quotaCores ?? cpu.machineCores;
  return {
    kind: 'cpu',
    usedCores: cpu.usedCores,
    wholeCores,
    limited: cpu.quotaCores !== null,
    share: wholeCores > 0 ? cpu.usedCores / wholeCores : 0,
    throttledShare: cpu.throttledShare,
    level: 'ok'
  };
}

function gpuReading(sample: Sample, settings: IMeterSettings, before: Levels): IGpuReading | null {
  const memoryShare = (gpu: GpuUsage): number | null =>
    gpu.memoryUsedBytes !== null && gpu.memoryTotalBytes ? gpu.memoryUsedBytes / gpu.memoryTotalBytes : null;
  const fullness = (gpu: GpuUsage): number => Math.max(memoryShare(gpu) ?? 0, gpu.utilization ?? 0);
  const [first, ...others] = sample.gpus;
  if (!first) {
    return null;
  }
  const gpu = others.reduce(
    (fullest, other) => (fullness(other) > fullness(fullest) ? other : fullest),
    first
  );
  const share = memoryShare(gpu);
  return {
    kind: 'gpu',
    gpu,
    count: sample.gpus.length,
    share: share === null && gpu.utilization === null ? null : fullness(gpu),
    level: level(before.gpu ?? 'ok', share, thresholds(settings))
  };
}

function thresholds({ warning, danger }: IMeterSettings): Parameters<typeof level>[2] {
  return { warning, danger, hysteresis: DEFAULT_THRESHOLDS.hysteresis };
}
