import type {
  Counters,
  DiskUsage,
  GpuUsage,
  Kernel,
  LimitSource,
  LostWorker,
  MemoryMoment,
  Sample
} from '@labkeeper/protocol';
import { countAllowedCpus } from '../adapters/allowed-cpus.js';
import { readKernelConstants } from '../adapters/kernel-constants.js';
import { NvidiaSmi, findNvidiaSmi } from '../adapters/nvidia-smi.js';
import { systemClock } from '../clock.js';
import { AmdCollector } from '../collectors/amd.js';
import { CounterReader } from '../collectors/counters.js';
import { CpuCollector } from '../collectors/cpu.js';
import { CpuQuota, type IPeriods } from '../collectors/cpu-quota.js';
import { cpuTimeOf } from '../collectors/cpu-time.js';
import { HomeCollector } from '../collectors/home.js';
import { locateCgroups } from '../collectors/locate-cgroups.js';
import { MemoryCollector } from '../collectors/memory.js';
import { NvidiaCollector } from '../collectors/nvidia.js';
import { PidsCollector } from '../collectors/pids.js';
import { PressureCollector } from '../collectors/pressure.js';
import { ShmCollector } from '../collectors/shm.js';
import type { ICollectorMetrics, ILimit, IObserver } from '../observer.js';
import { readHubLimits } from './hub-limits.js';
import { KernelCollector } from './kernel-collector.js';
import { Metered } from './metered.js';
import type { IObserverOptions } from './observer-options.js';
import { OomScores } from './oom-scores.js';
import { ProcessTable } from './process-table.js';

/** Observes a Linux container by the files of /proc and its control groups. */
export class ProcObserver implements IObserver {
  constructor(options: IObserverOptions) {
    const {
      procRoot = '/proc',
      sysRoot = '/sys',
      cgroupRoot = `${sysRoot}/fs/cgroup`,
      serverPid,
      log
    } = options;
    const clock = options.clock ?? systemClock;
    const monotonicMs = (): number => clock.monotonicMs();
    const groups = locateCgroups({ procRoot, cgroupRoot, pid: serverPid });
    const constants = readKernelConstants(procRoot);
    const hub = readHubLimits(options.environment);
    this.memoryCollector = new MemoryCollector(groups.memory, procRoot, hub.memoryBytes);
    this.cpuCollector = new CpuCollector({
      time: cpuTimeOf(groups.cpuacct, procRoot, constants.ticksPerSecond),
      quota: new CpuQuota(groups.cpu),
      environmentCores: hub.cores,
      machineCores: countAllowedCpus(procRoot),
      monotonicMs
    });
    this.shmCollector = new ShmCollector(options.shmPath ?? '/dev/shm');
    this.homeCollector = new HomeCollector(options.homePath, monotonicMs);
    this.kernelCollector = new KernelCollector({
      table: new ProcessTable({
        procRoot,
        group: groups.members?.path ?? null,
        serverPid,
        constants,
        monotonicMs
      }),
      scores: new OomScores({ procRoot, serverPid, ownPid: options.ownPid ?? process.pid, log }),
      whole: () => this.limitSource === 'cgroup' || this.limitSource === 'parent-cgroup',
      unreclaimableBytes: () => this.unreclaimableBytes,
      monotonicMs
    });
    this.memoryRun = new Metered(this.memoryCollector, log);
    this.cpuRun = new Metered(this.cpuCollector, log);
    this.shmRun = new Metered(this.shmCollector, log);
    this.homeRun = new Metered(this.homeCollector, log);
    this.kernelRun = new Metered(this.kernelCollector, log);
    this.pidsRun = new Metered(new PidsCollector(groups.pids), log);
    this.pressureRun = new Metered(new PressureCollector(groups.memory, procRoot, monotonicMs), log);
    if (options.gpu ?? true) {
      const binary = findNvidiaSmi(options.environment['PATH']);
      this.gpuRuns = [
        new Metered(new NvidiaCollector(binary === null ? null : new NvidiaSmi(binary, clock)), log),
        new Metered(new AmdCollector(sysRoot), log)
      ];
    } else {
      this.gpuRuns = [];
    }
    this.runs = [
      this.memoryRun,
      this.cpuRun,
      this.shmRun,
      this.homeRun,
      this.pidsRun,
      this.pressureRun,
      this.kernelRun,
      ...this.gpuRuns
    ];
    this.counterReader = new CounterReader(groups, procRoot);
  }

  setKernels(kernels: readonly Kernel[]): void {
    this.kernelCollector.setKernels(kernels);
  }

  sample(nowMs: number): Sample {
    const memory = this.memoryRun.collect();
    this.unreclaimableBytes = memory?.unreclaimableBytes ?? null;
    this.limitSource = memory?.limitSource ?? null;
    return {
      atMs: nowMs,
      memory,
      cpu: this.cpuRun.collect(),
      shm: this.shmRun.collect(),
      home: this.homeRun.collect(),
      processes: this.pidsRun.collect(),
      pressure: this.pressureRun.collect(),
      gpus: this.gpuRuns.flatMap(run => run.collect() ?? []),
      kernels: this.kernelRun.collect() ?? []
    };
  }

  memory(nowMs: number): MemoryMoment | null {
    return this.memoryCollector.moment(nowMs);
  }

  counters(nowMs: number): Counters {
    return this.counterReader.read(nowMs);
  }

  limit(): ILimit {
    return this.memoryCollector.limit();
  }

  peakBytes(): number | null {
    return this.memoryCollector.peakBytes();
  }

  machineMemory(): { readonly availableBytes: number; readonly totalBytes: number } | null {
    return this.memoryCollector.machineMemory();
  }

  shm(): DiskUsage | null {
    return this.shmCollector.collect();
  }

  home(): DiskUsage | null {
    return this.homeCollector.fresh();
  }

  takeLostWorkers(kernelId: string): readonly LostWorker[] {
    return this.kernelCollector.takeLost(kernelId);
  }

  throttling(): IPeriods | null {
    return this.cpuCollector.throttling();
  }

  runnableThreads(kernelId: string): number | null {
    return this.kernelCollector.runnableThreads(kernelId);
  }

  protectServer(on: boolean): void {
    this.kernelCollector.protectServer(on);
  }

  metrics(): Readonly<Record<string, ICollectorMetrics>> {
    return Object.fromEntries(this.runs.map(run => [run.collector.name, run.metrics()]));
  }

  close(): void {
    this.runs.forEach(run => run.close());
    this.counterReader.close();
  }

  private readonly memoryCollector: MemoryCollector;
  private readonly cpuCollector: CpuCollector;
  private readonly shmCollector: ShmCollector;
  private readonly homeCollector: HomeCollector;
  private readonly kernelCollector: KernelCollector;
  private readonly memoryRun;
  private readonly cpuRun;
  private readonly shmRun;
  private readonly homeRun;
  private readonly kernelRun;
  private readonly pidsRun;
  private readonly pressureRun;
  private readonly gpuRuns: readonly Metered<readonly GpuUsage[]>[];
  private readonly runs: readonly Metered<unknown>[];
  private readonly counterReader: CounterReader;
  private unreclaimableBytes: number | null = null;
  private limitSource: LimitSource | null = null;
}
