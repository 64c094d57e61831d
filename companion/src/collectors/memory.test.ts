import { HYBRID, NONE, V1_DOCKER, V1_HOST, V2_HOST, V2_PRIVATE } from '../../test/fixtures/systems.js';
import { plant, type Files, type ITree } from '../../test/fixtures/tree.js';
import { locateCgroups } from './locate-cgroups.js';
import { MemoryCollector } from './memory.js';

const GIB = 2 ** 30;

let tree: ITree;
let collector: MemoryCollector;
afterEach(() => {
  collector.close();
  tree.dispose();
});

function start(files: Files[], environmentBytes: number | null = null): MemoryCollector {
  tree = plant(...files);
  const { memory } = locateCgroups({ procRoot: tree.procRoot, cgroupRoot: tree.cgroupRoot, pid: null });
  collector = new MemoryCollector(memory, tree.procRoot, environmentBytes);
  return collector;
}

describe('MemoryCollector', () => {
  it('reads v1: its own limit, hierarchical fields, kernel memory whole', () => {
    expect(start([V1_DOCKER]).collect()).toEqual({
      limitBytes: GIB,
      limitSource: 'cgroup',
      usageBytes: 600_000_000,
      unreclaimableBytes: 370_000_000,
      cacheBytes: 230_000_000,
      anonBytes: 300_000_000,
      shmemBytes: 50_000_000,
      kernelBytes: 20_000_000,
      peakBytes: 700_000_000,
      swapBytes: 4096
    });
  });

  it('reads v2: kernel memory without what can be given back', () => {
    expect(start([V2_PRIVATE]).collect()).toEqual({
      limitBytes: GIB,
      limitSource: 'cgroup',
      usageBytes: 600_000_000,
      unreclaimableBytes: 370_000_000,
      cacheBytes: 230_000_000,
      anonBytes: 300_000_000,
      shmemBytes: 50_000_000,
      kernelBytes: 20_000_000,
      peakBytes: 700_000_000,
      swapBytes: 0
    });
  });

  it('adds the parts of kernel memory up where an older v2 does not', () => {
    const stat = V2_PRIVATE['sys/fs/cgroup/memory.stat']?.replace('kernel 60000000\n', '') ?? '';
    expect(start([V2_PRIVATE, { 'sys/fs/cgroup/memory.stat': stat }]).collect()?.kernelBytes).toBe(
      10_000_000
    );
  });

  it('takes the lower limit of a group above, on v1 and v2', () => {
    expect(start([V1_HOST]).limit()).toEqual({
      limitBytes: 800_000_000,
      limitSource: 'parent-cgroup',
      oomGroup: false
    });
    collector.close();
    tree.dispose();
    expect(start([V2_HOST]).limit()).toEqual({
      limitBytes: 800_000_000,
      limitSource: 'parent-cgroup',
      oomGroup: true
    });
  });

  it('knows on v1 the limit of a group above that it cannot see', () => {
    const path = 'sys/fs/cgroup/memory/memory.stat';
    const stat = V1_DOCKER[path]?.replace(String(GIB), '500000000') ?? '';
    expect(start([V1_DOCKER, { [path]: stat }]).limit()).toMatchObject({
      limitBytes: 500_000_000,
      limitSource: 'parent-cgroup'
    });
  });

  it('takes the hub’s word only when it is lower', () => {
    expect(start([HYBRID], 500_000_000).limit()).toMatchObject({
      limitBytes: 500_000_000,
      limitSource: 'environment'
    });
    collector.close();
    tree.dispose();
    expect(start([HYBRID], 2 * GIB).limit()).toMatchObject({ limitBytes: GIB, limitSource: 'cgroup' });
  });

  it('takes the machine where nothing limits, and where the limit is higher than the machine', () => {
    const machine = { limitBytes: 16 * GIB, limitSource: 'machine', oomGroup: false };
    expect(
      start([
        V2_PRIVATE,
        { 'sys/fs/cgroup/memory.max': 'max\n', 'sys/fs/cgroup/memory.oom.group': '0\n' }
      ]).limit()
    ).toEqual(machine);
    collector.close();
    tree.dispose();
    const none = '9223372036854771712';
    expect(
      start([
        V1_DOCKER,
        {
          'sys/fs/cgroup/memory/memory.limit_in_bytes': none,
          'sys/fs/cgroup/memory/memory.stat': `hierarchical_memory_limit ${none}\ntotal_rss 1\n`
        }
      ]).limit()
    ).toEqual(machine);
    collector.close();
    tree.dispose();
    expect(
      start([
        V2_PRIVATE,
        { 'sys/fs/cgroup/memory.max': String(64 * GIB), 'sys/fs/cgroup/memory.oom.group': '0\n' }
      ]).limit()
    ).toEqual(machine);
  });

  it('shows the machine’s memory without control groups', () => {
    expect(start([NONE]).collect()).toMatchObject({
      limitBytes: 16 * GIB,
      limitSource: 'machine',
      usageBytes: 8 * GIB,
      anonBytes: 2 * GIB,
      shmemBytes: GIB,
      kernelBytes: (102400 + 10240 + 20480 + 4096) * 1024,
      peakBytes: null,
      swapBytes: 0
    });
    expect(collector.machineMemory()).toMatchObject({ totalBytes: 16 * GIB, availableBytes: 12 * GIB });
  });

  it('follows a limit that is changed under it', () => {
    start([V2_PRIVATE]).limit();
    tree.write({ 'sys/fs/cgroup/memory.max': '2000000000\n' });
    expect(collector.limit().limitBytes).toBe(2_000_000_000);
  });

  it('never shows more than is used: the counters are not read at one instant', () => {
    start([V2_PRIVATE, { 'sys/fs/cgroup/memory.current': '100000000\n' }]);
    expect(collector.collect()).toMatchObject({ unreclaimableBytes: 100_000_000, cacheBytes: 0 });
    expect(collector.moment(5)).toEqual({
      atMs: 5,
      usageBytes: 100_000_000,
      unreclaimableBytes: 100_000_000,
      cacheBytes: 0
    });
  });

  it('gives null with a reason when its files are gone, and comes back with them', () => {
    start([V2_PRIVATE, { 'sys/fs/cgroup/memory.current': '' }]);
    tree.remove('sys/fs/cgroup/memory.stat');
    expect(collector.collect()).toBeNull();
    expect(collector.moment(1)).toBeNull();
    tree.write({
      'sys/fs/cgroup/memory.current': '5000\n',
      'sys/fs/cgroup/memory.stat': 'anon 1000\nshmem 0\n'
    });
    let usage = collector.collect();
    // A file that failed is tried again only now and then.
    for (let tries = 0; usage === null && tries < 30; tries += 1) {
      usage = collector.collect();
    }
    expect(usage).toMatchObject({ usageBytes: 5000, anonBytes: 1000 });
  });

  it('says why', () => {
    start([V2_PRIVATE]);
    tree.remove('sys/fs/cgroup/memory.current');
    expect(collector.collect()).toBeNull();
    expect(collector.reason).toContain('ENOENT');
  });
});
