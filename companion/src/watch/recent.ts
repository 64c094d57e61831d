import type { Kernel, KernelUsage, MemoryMoment, Sample } from '@labkeeper/protocol';

const MINUTE_SECONDS = 60;
/** How far back the highest reading before a death is looked for: the dead free memory before anybody is told. */
const HIGHEST_MS = 1500;

/** What was measured lately: the last full sample, the last reading of memory, and a minute of memory. */
export class Recent {
  /** The last full sample; null = none yet. */
  get sample(): Sample | null {
    return this.lastSample;
  }

  /** The last reading of memory, from a sample or from the fast watch. */
  get memory(): MemoryMoment | null {
    return this.moments.at(-1)?.memory ?? null;
  }

  /** The highest reading of the last 1.5 s; the last one where there is none so young. */
  highestMemory(monotonicMs: number): MemoryMoment | null {
    let highest = this.memory;
    for (const { memory, atMs } of this.moments) {
      const young = monotonicMs - atMs <= HIGHEST_MS;
      if (young && highest && memory.unreclaimableBytes > highest.unreclaimableBytes) {
        highest = memory;
      }
    }
    return highest;
  }

  noteSample(sample: Sample, monotonicMs: number): void {
    this.lastSample = sample;
    this.sampledAtMs = monotonicMs;
    const young = this.samples.findIndex(({ atMs }) => monotonicMs - atMs <= HIGHEST_MS);
    this.samples.splice(0, young < 0 ? this.samples.length : young);
    this.samples.push({ kernels: sample.kernels, atMs: monotonicMs });
    if (sample.memory) {
      const { usageBytes, unreclaimableBytes, cacheBytes } = sample.memory;
      this.noteMemory({ atMs: sample.atMs, usageBytes, unreclaimableBytes, cacheBytes }, monotonicMs);
    }
  }

  noteMemory(memory: MemoryMoment, monotonicMs: number): void {
    const old = this.moments.findIndex(moment => monotonicMs - moment.atMs <= HIGHEST_MS);
    this.moments.splice(0, old < 0 ? this.moments.length : old);
    this.moments.push({ memory, atMs: monotonicMs });
    const second = Math.floor(monotonicMs / 1000);
    const last = this.minute.at(-1);
    if (last?.second === second) {
      last.bytes = Math.max(last.bytes, memory.unreclaimableBytes);
    } else {
      this.minute.push({ second, bytes: memory.unreclaimableBytes });
      this.forget(second);
    }
  }

  /** Unreclaimable memory of the last minute, the highest of each second, oldest first. */
  lastMinute(monotonicMs: number): number[] {
    this.forget(Math.floor(monotonicMs / 1000));
    return this.minute.map(entry => entry.bytes);
  }

  /** Which processes the kernels are: what was measured of an earlier one says nothing about them. */
  noteKernels(kernels: readonly Kernel[], monotonicMs: number): void {
    const known = this.processes;
    this.processes = new Map(
      kernels.map(({ kernelId, pid }) => {
        const before = known.get(kernelId);
        return [kernelId, before?.pid === pid ? before : { pid, sinceMs: monotonicMs }];
      })
    );
  }

  /** What the last sample says about a kernel; null = its present process is younger, or is none. */
  usageOf(kernelId: string): KernelUsage | null {
    if ((this.processes.get(kernelId)?.sinceMs ?? -Infinity) > this.sampledAtMs) {
      return null;
    }
    return this.lastSample?.kernels.find(usage => usage.kernelId === kernelId) ?? null;
  }

  /** The most that samples of the last 1.5 s saw of a kernel's present process, in bytes; null = none saw it. */
  highestOf(kernelId: string, monotonicMs: number): number | null {
    const sinceMs = this.processes.get(kernelId)?.sinceMs ?? -Infinity;
    let highest: number | null = null;
    for (const { kernels, atMs } of this.samples) {
      if (atMs >= sinceMs && monotonicMs - atMs <= HIGHEST_MS) {
        const usage = kernels.find(each => each.kernelId === kernelId);
        highest = usage ? Math.max(highest ?? 0, usage.memoryBytes) : highest;
      }
    }
    return highest;
  }

  private forget(second: number): void {
    const first = this.minute.findIndex(entry => entry.second > second - MINUTE_SECONDS);
    this.minute.splice(0, first < 0 ? this.minute.length : first);
  }

  private lastSample: Sample | null = null;
  private sampledAtMs = -Infinity;
  private readonly samples: { readonly kernels: readonly KernelUsage[]; readonly atMs: number }[] = [];
  private processes: ReadonlyMap<string, { readonly pid: number | null; readonly sinceMs: number }> =
    new Map();
  private readonly moments: { readonly memory: MemoryMoment; readonly atMs: number }[] = [];
  private readonly minute: { readonly second: number; bytes: number }[] = [];
}
