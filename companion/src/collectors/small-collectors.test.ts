import { countAllowedCpus, countList } from '../adapters/allowed-cpus.js';
import { FakeClock } from '../../test/fake-clock.js';
import { HYBRID, NONE, V1_DOCKER, V2_HOST, V2_PRIVATE } from '../../test/fixtures/systems.js';
import { plant, type Files, type ITree } from '../../test/fixtures/tree.js';
import { until } from '../../test/until.js';
import { AmdCollector } from './amd.js';
import { CounterReader } from './counters.js';
import { HomeCollector } from './home.js';
import { locateCgroups, type ICgroups } from './locate-cgroups.js';
import { PidsCollector } from './pids.js';
import { PressureCollector } from './pressure.js';
import { ShmCollector } from './shm.js';

let tree: ITree;
afterEach(() => tree.dispose());

function locate(...files: Files[]): ICgroups {
  tree = plant(...files);
  return locateCgroups({ procRoot: tree.procRoot, cgroupRoot: tree.cgroupRoot, pid: null });
}

describe('CounterReader', () => {
  it('reads v2’s events', () => {
    const reader = new CounterReader(locate(V2_PRIVATE), tree.procRoot);
    expect(reader.read(9)).toEqual({
      atMs: 9,
      cgroupVersion: 2,
      oomKill: 1,
      limitHit: 2,
      oomGroupKill: 1,
      pidsRefused: 3,
      machineOomKill: 7
    });
    reader.close();
  });

  it('reads v1’s, where failcnt stands for the limit', () => {
    const reader = new CounterReader(locate(V1_DOCKER), tree.procRoot);
    expect(reader.read(9)).toEqual({
      atMs: 9,
      cgroupVersion: 1,
      oomKill: 1,
      limitHit: 204,
      oomGroupKill: null,
      pidsRefused: 3,
      machineOomKill: 7
    });
    reader.close();
  });

  it('mixes them on a hybrid system', () => {
    const reader = new CounterReader(locate(HYBRID), tree.procRoot);
    expect(reader.read(9)).toMatchObject({ cgroupVersion: 1, oomKill: 1, limitHit: 204, pidsRefused: 3 });
    reader.close();
  });

  it('has null for what a system does not keep', () => {
    const reader = new CounterReader(locate(NONE, { 'proc/vmstat': 'nr_free_pages 1\n' }), tree.procRoot);
    expect(reader.read(9)).toEqual({
      atMs: 9,
      cgroupVersion: null,
      oomKill: null,
      limitHit: null,
      oomGroupKill: null,
      pidsRefused: null,
      machineOomKill: null
    });
    reader.close();
  });

  it('finds the machine’s counter in a list of several pages', () => {
    const filler = Array.from({ length: 400 }, (_, index) => `counter_number_${index} ${index}\n`).join('');
    const reader = new CounterReader(
      locate(NONE, { 'proc/vmstat': `${filler}oom_kill 42\n` }),
      tree.procRoot
    );
    expect(reader.read(9).machineOomKill).toBe(42);
    reader.close();
  });
});

describe('PidsCollector', () => {
  it('takes the lowest limit of the groups above', () => {
    const pids = new PidsCollector(locate(V2_HOST).pids);
    expect(pids.collect()).toEqual({ current: 31, limit: 100 });
    pids.close();
  });

  it('says that there is no limit, or no group', () => {
    const pids = new PidsCollector(locate(V1_DOCKER, { 'sys/fs/cgroup/pids/pids.max': 'max\n' }).pids);
    expect(pids.collect()).toEqual({ current: 31, limit: null });
    pids.close();
    expect(new PidsCollector(null).collect()).toBeNull();
    expect(new PidsCollector(null).reason).toBe('there is no pids control group');
  });
});

describe('PressureCollector', () => {
  const start = (groups: ICgroups, clock: FakeClock): PressureCollector =>
    new PressureCollector(groups.memory, tree.procRoot, () => clock.monotonicMs());

  it('reads the container’s own on v2, at most every two seconds', () => {
    const clock = new FakeClock();
    const pressure = start(locate(V2_PRIVATE), clock);
    const own = { scope: 'container', cpuSome: 11, memorySome: 12, memoryFull: 13.25, ioSome: 14 };
    expect(pressure.collect()).toEqual(own);
    tree.write({ 'sys/fs/cgroup/cpu.pressure': 'some avg10=99.99 avg60=0\n' });
    clock.advance(1000);
    expect(pressure.collect()).toEqual(own);
    clock.advance(1000);
    expect(pressure.collect()).toEqual({ ...own, cpuSome: 99.99 });
    pressure.close();
  });

  it('reads the machine’s on v1 and says so', () => {
    const pressure = start(locate(V1_DOCKER), new FakeClock());
    expect(pressure.collect()).toEqual({
      scope: 'machine',
      cpuSome: 1.5,
      memorySome: 2.5,
      memoryFull: 0.25,
      ioSome: 0
    });
    pressure.close();
  });

  it('gives null and names the cure where the kernel keeps none', () => {
    const groups = locate(NONE);
    tree.remove('proc/pressure');
    const pressure = start(groups, new FakeClock());
    expect(pressure.collect()).toBeNull();
    expect(pressure.reason).toContain('CONFIG_PSI');
  });
});

describe('HomeCollector', () => {
  const GIB = 1024 ** 3;
  const usage = (usedBytes: number, freeBytes = 100 * GIB) => ({
    path: '/home',
    usedBytes,
    sizeBytes: 200 * GIB,
    freeBytes
  });

  it('gives the last answer, and asks again every ten seconds or when a fresh one is wanted', async () => {
    tree = plant();
    const clock = new FakeClock();
    let asked = 0;
    const home = new HomeCollector(
      '/home',
      () => clock.monotonicMs(),
      async () => usage((asked += 1))
    );
    await Promise.resolve();
    expect(home.collect()).toEqual(usage(1));
    clock.advance(9999);
    expect(home.collect()).toEqual(usage(1));
    expect(asked).toBe(1);
    clock.advance(1);
    home.collect();
    expect(asked).toBe(2);
    await Promise.resolve();
    clock.advance(500);
    home.fresh();
    await Promise.resolve();
    expect(home.fresh()).toEqual(usage(3));
  });

  it.each([
    [100 * GIB, 10_000],
    [4 * GIB, 4000],
    [0, 900]
  ])('asks again before %d bytes free can be filled', async (freeBytes, afterMs) => {
    const clock = new FakeClock();
    let asked = 0;
    const home = new HomeCollector(
      '/home',
      () => clock.monotonicMs(),
      async () => usage((asked += 1), freeBytes)
    );
    await Promise.resolve();
    clock.advance(afterMs - 1);
    home.collect();
    expect(asked).toBe(1);
    clock.advance(1);
    home.collect();
    expect(asked).toBe(2);
  });

  it('does not wait for a file system that hangs, does not ask twice, and says so', async () => {
    tree = plant();
    const clock = new FakeClock();
    let asked = 0;
    const home = new HomeCollector(
      '/home',
      () => clock.monotonicMs(),
      () => {
        asked += 1;
        return asked === 1 ? Promise.resolve(usage(7)) : new Promise(() => undefined);
      }
    );
    await Promise.resolve();
    for (let second = 0; second < 60; second += 1) {
      clock.advance(1000);
      expect(home.collect()).toEqual(usage(7));
      home.fresh();
    }
    expect(asked).toBe(2);
    expect(home.reason).toBe('the file system of /home does not answer');
  });

  it('reads a real file system, and gives null with a reason where there is none', async () => {
    tree = plant();
    const real = new HomeCollector(tree.root, () => performance.now());
    await until(() => real.fresh() !== null);
    expect(real.collect()?.sizeBytes).toBeGreaterThan(0);
    const absent = new HomeCollector(`${tree.root}/absent`, () => performance.now());
    await until(() => absent.reason !== null);
    expect(absent.reason).toContain('ENOENT');
    expect(absent.collect()).toBeNull();
    expect(new HomeCollector(null, () => 0).reason).toBe('there is no home folder');
  });
});

describe('ShmCollector', () => {
  it('reads a file system in memory, or says why not', () => {
    tree = plant();
    const shm = new ShmCollector(tree.root);
    const usage = shm.collect();
    expect(usage?.path).toBe(tree.root);
    expect(usage?.freeBytes).toBeLessThanOrEqual(usage?.sizeBytes ?? 0);
    const absent = new ShmCollector(`${tree.root}/absent`);
    expect(absent.collect()).toBeNull();
    expect(absent.reason).toContain('ENOENT');
  });
});

describe('AmdCollector', () => {
  /* Written after Linux's documentation of amdgpu (driver-misc.rst, thermal.rst), not recorded on a device. */
  const device = 'sys/class/drm/card1/device';
  const files: Files = {
    'sys/class/drm/card0/device/vendor': '0x8086\n',
    'sys/class/drm/card1-DP-1/status': 'connected\n',
    [`${device}/vendor`]: '0x1002\n',
    [`${device}/unique_id`]: 'a1b2c3d4e5f60718\n',
    [`${device}/product_name`]: 'Instinct MI210\n',
    [`${device}/gpu_busy_percent`]: '42\n',
    [`${device}/mem_info_vram_used`]: '1073741824\n',
    [`${device}/mem_info_vram_total`]: '68702699520\n',
    [`${device}/hwmon/hwmon3/temp1_input`]: '51000\n',
    [`${device}/hwmon/hwmon3/power1_average`]: '90500000\n'
  };

  it('reads the amdgpu devices and no others', () => {
    tree = plant(files);
    const amd = new AmdCollector(tree.sysRoot);
    expect(amd.collect()).toEqual([
      {
        index: 0,
        uuid: 'a1b2c3d4e5f60718',
        name: 'Instinct MI210',
        vendor: 'amd',
        mig: false,
        utilization: 0.42,
        memoryUsedBytes: 2 ** 30,
        memoryTotalBytes: 68702699520,
        temperatureC: 51,
        powerW: 90.5
      }
    ]);
    amd.close();
  });

  it('has null for what a device does not tell, and nothing without devices', () => {
    tree = plant({ [`${device}/vendor`]: '0x1002\n', [`${device}/mem_info_vram_total`]: '1024\n' });
    const amd = new AmdCollector(tree.sysRoot);
    expect(amd.collect()).toMatchObject([
      { name: 'AMD GPU', utilization: null, temperatureC: null, powerW: null }
    ]);
    amd.close();
    const none = new AmdCollector(`${tree.root}/nowhere`);
    expect(none.collect()).toBeNull();
    expect(none.reason).toBe('there is no amdgpu device');
  });
});

describe('countAllowedCpus', () => {
  it('counts a cpuset', () => {
    tree = plant(NONE);
    expect(countAllowedCpus(tree.procRoot)).toBe(4);
    expect(countList('0-3,8,10-11')).toBe(7);
    expect(countList('none')).toBe(0);
    expect(countAllowedCpus(`${tree.root}/nowhere`)).toBeGreaterThan(0);
  });
});
