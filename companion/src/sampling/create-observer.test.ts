import { Counters, Sample } from '@labkeeper/protocol';
import * as v from 'valibot';
import { FakeClock } from '../../test/fake-clock.js';
import { processFiles } from '../../test/fixtures/processes.js';
import { HYBRID, NONE, V1_DOCKER, V1_HOST, V2_HOST, V2_PRIVATE } from '../../test/fixtures/systems.js';
import { plant, type Files, type ITree } from '../../test/fixtures/tree.js';
import { until } from '../../test/until.js';
import type { IObserver } from '../observer.js';
import { createObserver } from './create-observer.js';
import { readHubLimits } from './hub-limits.js';
import { MachineObserver } from './machine-observer.js';
import { plainMachine, readMachine } from './read-machine.js';

let tree: ITree;
let observer: IObserver;
let log: string[];
const clock = new FakeClock();
afterEach(() => {
  observer.close();
  tree.dispose();
});

function start(files: Files[], environment: Record<string, string> = {}): IObserver {
  tree = plant(...files);
  log = [];
  observer = createObserver({
    procRoot: tree.procRoot,
    sysRoot: tree.sysRoot,
    cgroupRoot: tree.cgroupRoot,
    shmPath: tree.root,
    homePath: tree.root,
    environment,
    serverPid: null,
    clock,
    log: line => log.push(line)
  });
  return observer;
}

const KERNEL = {
  kernelId: 'a',
  pid: 100,
  kernelName: 'ir',
  path: '<b>analysis</b>.ipynb',
  title: '<b>analysis</b>.ipynb',
  owner: 'notebook',
  state: 'busy',
  stateSinceMs: 0
} as const;

const PROCESSES: Files = {
  ...processFiles({ pid: 40, ppid: 1 }),
  ...processFiles({ pid: 100, ppid: 40, rssPages: 10_000, sharedPages: 1000, threads: 8 }),
  ...processFiles({ pid: 101, ppid: 100, rssPages: 3000, sharedPages: 1000 })
};

describe('createObserver', () => {
  it.each([
    ['Docker on v1', V1_DOCKER, 'cgroup', 1],
    ['a v1 host', V1_HOST, 'parent-cgroup', 1],
    ['a private namespace on v2', V2_PRIVATE, 'cgroup', 2],
    ['a v2 host', V2_HOST, 'parent-cgroup', 2],
    ['a hybrid system', HYBRID, 'cgroup', 1],
    ['no control groups', NONE, 'machine', null]
  ])('gives whole samples that the protocol takes, in %s', async (_, files, limitSource, version) => {
    start([files, PROCESSES]);
    observer.setKernels([KERNEL]);
    await until(() => observer.home() !== null);
    const sample = observer.sample(1000);
    expect(v.safeParse(Sample, sample).success).toBe(true);
    expect(sample.memory?.limitSource).toBe(limitSource);
    expect(sample.home).not.toBeNull();
    expect(sample.shm).not.toBeNull();
    expect(sample.pressure).not.toBeNull();
    expect(sample.kernels).toMatchObject([{ kernelId: 'a', threads: 9, processes: 2 }]);
    expect(sample.kernels[0]?.memoryBytes).toBe(11_000 * 4096);
    const counters = observer.counters(1000);
    expect(v.safeParse(Counters, counters).success).toBe(true);
    expect(counters.cgroupVersion).toBe(version);
    expect(observer.memory(5)?.atMs).toBe(5);
    expect(observer.machineMemory()?.totalBytes).toBe(16 * 2 ** 30);
  });

  it('keeps a kernel’s peak, and forgets the kernel when it ends', () => {
    start([V2_PRIVATE, PROCESSES]);
    observer.setKernels([KERNEL]);
    observer.sample(1000);
    tree.write(processFiles({ pid: 100, ppid: 40, rssPages: 2000, sharedPages: 1000 }));
    expect(observer.sample(2000).kernels).toMatchObject([
      { memoryBytes: 3000 * 4096, peakBytes: 11_000 * 4096 }
    ]);
    tree.remove('proc/100');
    expect(observer.sample(3000).kernels).toEqual([]);
  });

  it('tells lost workers without a sample in between, when the last look is not fresh', () => {
    start([V2_PRIVATE, PROCESSES]);
    observer.setKernels([KERNEL]);
    observer.sample(1000);
    tree.remove('proc/101');
    clock.advance(200);
    expect(observer.takeLostWorkers('a')).toMatchObject([{ pid: 101 }]);
    expect(observer.takeLostWorkers('a')).toEqual([]);
    expect(observer.takeLostWorkers('unknown')).toEqual([]);
  });

  it('ignores kernels that run elsewhere', () => {
    start([V2_PRIVATE, PROCESSES]);
    observer.setKernels([{ ...KERNEL, pid: null }]);
    expect(observer.sample(1000).kernels).toEqual([]);
  });

  it('gives nulls, tells why once, and counts, when every file vanishes', () => {
    start([V2_PRIVATE, PROCESSES]);
    observer.setKernels([KERNEL]);
    tree.remove('sys');
    tree.remove('proc');
    for (let second = 0; second < 5; second += 1) {
      const sample = observer.sample(second);
      expect(v.safeParse(Sample, sample).success).toBe(true);
      expect(sample).toMatchObject({ memory: null, processes: null, kernels: [] });
    }
    expect(log.filter(line => line.startsWith('no memory: '))).toHaveLength(1);
    expect(observer.metrics()['memory']).toMatchObject({ runs: 5, empty: 5 });
    expect(observer.metrics()['memory']?.reason).toContain('ENOENT');
    expect(observer.limit()).toMatchObject({ limitSource: 'machine' });
    expect(observer.memory(1)).toBeNull();
  });

  it('takes the lower limits of the hub', () => {
    start([V2_PRIVATE], { MEM_LIMIT: '500000000', CPU_LIMIT: '0.25' });
    const sample = observer.sample(1000);
    expect(sample.memory).toMatchObject({ limitBytes: 500_000_000, limitSource: 'environment' });
    expect(sample.cpu?.quotaCores).toBe(0.25);
  });

  it('falls back to the machine as a whole where there is no /proc', async () => {
    start([{}]);
    expect(observer).toBeInstanceOf(MachineObserver);
    await until(() => observer.sample(1000).memory !== null);
    const sample = observer.sample(1000);
    expect(v.safeParse(Sample, sample).success).toBe(true);
    expect(sample.memory?.limitSource).toBe('machine');
    expect(sample.memory?.unreclaimableBytes).toBeLessThanOrEqual(sample.memory?.usageBytes ?? 0);
    expect(sample.kernels).toEqual([]);
    expect(observer.machineMemory()?.totalBytes).toBeGreaterThan(0);
  });
});

describe('readHubLimits', () => {
  it('reads bytes, and the sizes that people write', () => {
    expect(readHubLimits({ MEM_LIMIT: '2147483648', CPU_LIMIT: '0.5' })).toEqual({
      memoryBytes: 2 ** 31,
      cores: 0.5
    });
    expect(readHubLimits({ MEM_LIMIT: '16g' }).memoryBytes).toBe(16 * 2 ** 30);
  });

  it('takes nonsense for nothing', () => {
    for (const word of ['', '0', '-1', 'lots', 'NaN', '1e9x']) {
      expect(readHubLimits({ MEM_LIMIT: word, CPU_LIMIT: word })).toEqual({ memoryBytes: null, cores: null });
    }
  });
});

describe('readMachine', () => {
  it('names this machine', async () => {
    const machine = await readMachine(plainMachine());
    expect(machine.cpuCores).toBeGreaterThan(0);
    expect(machine.memoryBytes).toBeGreaterThan(0);
    expect(machine.hostname).not.toBe('');
  });
});
