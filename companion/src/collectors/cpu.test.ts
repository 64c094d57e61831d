import { FakeClock } from '../../test/fake-clock.js';
import { HYBRID, NONE, V1_DOCKER, V1_HOST, V2_HOST, V2_PRIVATE } from '../../test/fixtures/systems.js';
import { plant, type Files, type ITree } from '../../test/fixtures/tree.js';
import { CpuCollector } from './cpu.js';
import { CpuQuota } from './cpu-quota.js';
import { cpuTimeOf } from './cpu-time.js';
import { locateCgroups } from './locate-cgroups.js';

let tree: ITree;
let collector: CpuCollector;
let clock: FakeClock;
afterEach(() => {
  collector.close();
  tree.dispose();
});

function start(files: Files[], environmentCores: number | null = null): CpuCollector {
  tree = plant(...files);
  clock = new FakeClock();
  const groups = locateCgroups({ procRoot: tree.procRoot, cgroupRoot: tree.cgroupRoot, pid: null });
  collector = new CpuCollector({
    time: cpuTimeOf(groups.cpuacct, tree.procRoot, 100),
    quota: new CpuQuota(groups.cpu),
    environmentCores,
    machineCores: 4,
    monotonicMs: () => clock.monotonicMs()
  });
  return collector;
}

describe('CpuCollector', () => {
  it('takes the rate of v1’s nanoseconds', () => {
    start([V1_DOCKER]);
    clock.advance(2000);
    tree.write({ 'sys/fs/cgroup/cpuacct/cpuacct.usage': '12500000000\n' });
    expect(collector.collect()).toEqual({
      usedCores: 0.25,
      quotaCores: 0.5,
      machineCores: 4,
      throttledShare: 0
    });
  });

  it('takes the rate of v2’s microseconds', () => {
    start([V2_PRIVATE]);
    clock.advance(1000);
    tree.write({ 'sys/fs/cgroup/cpu.stat': 'usage_usec 13500000\nnr_periods 1010\nnr_throttled 255\n' });
    expect(collector.collect()).toMatchObject({ usedCores: 1.5, quotaCores: 0.5 });
  });

  it('takes the machine’s rate without control groups, and shows no quota', () => {
    start([NONE]);
    clock.advance(1000);
    tree.write({ 'proc/stat': 'cpu  1100 0 550 9000 900 0 10 0 0 0\n' });
    const usage = collector.collect();
    expect(usage).toMatchObject({ quotaCores: null, machineCores: 4, throttledShare: null });
    expect(usage?.usedCores).toBeCloseTo(1.5, 9);
    expect(collector.throttling()).toBeNull();
  });

  it('takes the lowest quota of the groups above, and the periods of the group that has it', () => {
    start([V2_HOST]);
    expect(collector.collect()?.quotaCores).toBe(0.25);
    expect(collector.throttling()).toEqual({ periods: 80, throttled: 8 });
    collector.close();
    tree.dispose();
    start([V1_HOST]);
    expect(collector.collect()?.quotaCores).toBe(0.5);
    expect(collector.throttling()).toEqual({ periods: 1000, throttled: 250 });
  });

  it('takes the hub’s word when it is lower, or alone', () => {
    expect(start([HYBRID], 0.2).collect()?.quotaCores).toBe(0.2);
    collector.close();
    tree.dispose();
    expect(start([HYBRID], 8).collect()?.quotaCores).toBe(0.5);
    collector.close();
    tree.dispose();
    expect(start([NONE], 2).collect()?.quotaCores).toBe(2);
  });

  it('shows no use when the counter goes back, and goes on from there', () => {
    start([V1_DOCKER]);
    clock.advance(1000);
    tree.write({ 'sys/fs/cgroup/cpuacct/cpuacct.usage': '1000000000\n' });
    expect(collector.collect()?.usedCores).toBe(0);
    clock.advance(1000);
    tree.write({ 'sys/fs/cgroup/cpuacct/cpuacct.usage': '1750000000\n' });
    expect(collector.collect()?.usedCores).toBe(0.75);
  });

  it('gives the last rate again when it is asked twice at once', () => {
    start([V1_DOCKER]);
    clock.advance(1000);
    tree.write({ 'sys/fs/cgroup/cpuacct/cpuacct.usage': '13000000000\n' });
    expect(collector.collect()?.usedCores).toBe(1);
    expect(collector.collect()?.usedCores).toBe(1);
  });

  it('shares out throttled periods over the last minute only', () => {
    start([V2_PRIVATE]);
    const stat = (periods: number, throttled: number): void =>
      tree.write({
        'sys/fs/cgroup/cpu.stat': `usage_usec 12000000\nnr_periods ${periods}\nnr_throttled ${throttled}\n`
      });
    let periods = 1000;
    let throttled = 250;
    const shares: number[] = [];
    // A minute in which every second period is throttled, then a minute without.
    for (let second = 0; second <= 120; second += 1) {
      stat(periods, throttled);
      shares.push(collector.collect()?.throttledShare ?? NaN);
      clock.advance(1000);
      periods += 10;
      throttled += second < 60 ? 5 : 0;
    }
    expect(shares[0]).toBe(0);
    expect(shares[1]).toBe(0.5);
    expect(shares[60]).toBe(0.5);
    expect(shares[90]).toBeCloseTo(0.25, 5);
    expect(shares[120]).toBe(0);
  });

  it('begins the share anew when the periods go back', () => {
    start([V2_PRIVATE]);
    collector.collect();
    clock.advance(1000);
    tree.write({ 'sys/fs/cgroup/cpu.stat': 'usage_usec 12000000\nnr_periods 10\nnr_throttled 5\n' });
    expect(collector.collect()?.throttledShare).toBe(0);
    clock.advance(1000);
    tree.write({ 'sys/fs/cgroup/cpu.stat': 'usage_usec 12000000\nnr_periods 20\nnr_throttled 15\n' });
    expect(collector.collect()?.throttledShare).toBe(1);
  });

  it('gives null when the counter holds no number any more', () => {
    start([V1_DOCKER]);
    tree.write({ 'sys/fs/cgroup/cpuacct/cpuacct.usage': 'gone\n' });
    expect(collector.collect()).toBeNull();
  });
});
