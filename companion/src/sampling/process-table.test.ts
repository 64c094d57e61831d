import type { Kernel } from '@labkeeper/protocol';
import { FakeClock } from '../../test/fake-clock.js';
import { processFiles, type IFixtureProcess } from '../../test/fixtures/processes.js';
import { plant, type ITree } from '../../test/fixtures/tree.js';
import { ProcessTable } from './process-table.js';

const PAGE = 4096;

let tree: ITree;
let clock: FakeClock;
let table: ProcessTable;
beforeEach(() => {
  clock = new FakeClock();
  tree = plant();
  table = new ProcessTable({
    procRoot: tree.procRoot,
    group: null,
    serverPid: 40,
    constants: { pageBytes: PAGE, ticksPerSecond: 100 },
    monotonicMs: () => clock.monotonicMs()
  });
  run({ pid: 40, ppid: 1, name: 'jupyter-lab' });
});
afterEach(() => {
  table.close();
  tree.dispose();
});

function run(...processes: IFixtureProcess[]): void {
  processes.forEach(process => tree.write(processFiles(process)));
}

function end(pid: number): void {
  tree.remove(`proc/${pid}`);
}

function kernel(kernelId: string, pid: number | null): Kernel {
  return {
    kernelId,
    pid,
    kernelName: 'python3',
    path: null,
    title: kernelId,
    owner: 'notebook',
    state: 'idle',
    stateSinceMs: 0
  };
}

function look(): void {
  table.scan();
  table.measure();
}

function pidsOf(kernelId: string): number[] {
  return [...(table.tree(kernelId)?.members ?? [])].map(({ pid }) => pid).sort((one, other) => one - other);
}

describe('ProcessTable', () => {
  it('gives a kernel what descends from it and what shares the session that it leads', () => {
    run(
      { pid: 100, ppid: 40 },
      { pid: 101, ppid: 100, session: 100 },
      // A worker in a session of its own, and its child.
      { pid: 102, ppid: 100, session: 102 },
      { pid: 103, ppid: 102, session: 102 },
      // Its parent ended: only the session tells.
      { pid: 104, ppid: 1, session: 100 },
      { pid: 200, ppid: 40 },
      { pid: 201, ppid: 200, session: 200, name: ') R 100 (' },
      // A terminal of the server.
      { pid: 300, ppid: 40 }
    );
    table.setKernels([kernel('a', 100), kernel('b', 200), kernel('elsewhere', null)]);
    look();
    expect(pidsOf('a')).toEqual([100, 101, 102, 103, 104]);
    expect(pidsOf('b')).toEqual([200, 201]);
    expect([...table.trees]).toHaveLength(2);
  });

  it('does not take the server’s session for a kernel’s that leads none', () => {
    run({ pid: 100, ppid: 40, session: 40 }, { pid: 300, ppid: 40, session: 40 });
    table.setKernels([kernel('a', 100)]);
    look();
    expect(pidsOf('a')).toEqual([100]);
  });

  it('gives a process to the nearest kernel', () => {
    run({ pid: 100, ppid: 40 }, { pid: 110, ppid: 100, session: 110 }, { pid: 111, ppid: 110, session: 110 });
    table.setKernels([kernel('outer', 100), kernel('inner', 110)]);
    look();
    expect(pidsOf('outer')).toEqual([100]);
    expect(pidsOf('inner')).toEqual([110, 111]);
  });

  it('keeps a member whose parent ends and which moves to another session', () => {
    run({ pid: 100, ppid: 40 }, { pid: 101, ppid: 100, session: 100 }, { pid: 102, ppid: 101, session: 102 });
    table.setKernels([kernel('a', 100)]);
    look();
    end(101);
    run({ pid: 102, ppid: 1, session: 102 });
    look();
    expect(pidsOf('a')).toEqual([100, 102]);
  });

  it('measures threads, processes, and memory in bytes, and shared memory where there is much of it', () => {
    run(
      { pid: 100, ppid: 40, threads: 5, rssPages: 5000, sharedPages: 1000 },
      { pid: 101, ppid: 100, threads: 64, rssPages: 30_000, sharedPages: 25_000, shmemKib: 80_000 }
    );
    table.setKernels([kernel('a', 100)]);
    look();
    expect(table.tree('a')).toMatchObject({ threads: 69, processes: 2 });
    expect(table.measured.map(({ pid, kernelId, isRoot }) => ({ pid, kernelId, isRoot }))).toEqual([
      { pid: 40, kernelId: null, isRoot: true },
      { pid: 100, kernelId: 'a', isRoot: true },
      { pid: 101, kernelId: 'a', isRoot: false }
    ]);
    const [, root, worker] = table.measured;
    expect(root).toMatchObject({ rssBytes: 5000 * PAGE, sharedBytes: 1000 * PAGE, shmemBytes: null });
    expect(worker).toMatchObject({ rssBytes: 30_000 * PAGE, shmemBytes: 80_000 * 1024 });
  });

  it('reads memory again only of a process that ran or holds more or less than before', () => {
    run({ pid: 100, ppid: 40, rssPages: 5000 });
    table.setKernels([kernel('a', 100)]);
    look();
    const rssOf = (): number | undefined => table.measured.find(({ pid }) => pid === 100)?.rssBytes;
    tree.write({ 'proc/100/statm': '99999 7000 0 1 0 500 0\n' });
    look();
    expect(rssOf()).toBe(5000 * PAGE);
    run({ pid: 100, ppid: 40, rssPages: 6000 });
    look();
    expect(rssOf()).toBe(6000 * PAGE);
    run({ pid: 100, ppid: 40, rssPages: 6000, selfTicks: 1 });
    tree.write({ 'proc/100/statm': '99999 6000 500 1 0 500 0\n' });
    look();
    expect(table.measured.find(({ pid }) => pid === 100)?.sharedBytes).toBe(500 * PAGE);
  });

  it('takes CPU from ticks, with that of short-lived workers', () => {
    run({ pid: 100, ppid: 40, selfTicks: 500 });
    table.setKernels([kernel('a', 100)]);
    look();
    expect(table.tree('a')?.cpuCores).toBe(0);
    clock.advance(1000);
    run({ pid: 100, ppid: 40, selfTicks: 550 });
    look();
    expect(table.tree('a')?.cpuCores).toBeCloseTo(0.5, 9);
    // A worker came and went between two looks: its 100 ticks are its parent's now.
    clock.advance(1000);
    run({ pid: 100, ppid: 40, selfTicks: 550, childTicks: 100 });
    look();
    expect(table.tree('a')?.cpuCores).toBeCloseTo(1, 9);
  });

  it('does not count a worker twice when it ends, and shows no negative use when nobody waited for it', () => {
    run({ pid: 100, ppid: 40 }, { pid: 101, ppid: 100, selfTicks: 300 });
    table.setKernels([kernel('a', 100)]);
    look();
    clock.advance(1000);
    end(101);
    run({ pid: 100, ppid: 40, childTicks: 320 });
    look();
    expect(table.tree('a')?.cpuCores).toBeCloseTo(0.2, 9);
    run({ pid: 102, ppid: 100, selfTicks: 300 });
    clock.advance(1000);
    look();
    clock.advance(1000);
    end(102);
    run({ pid: 100, ppid: 40, selfTicks: 10, childTicks: 320 });
    look();
    expect(table.tree('a')?.cpuCores).toBeCloseTo(0.1, 9);
  });

  it('tells which workers a living kernel lost, once, with name and last memory', () => {
    run(
      { pid: 100, ppid: 40 },
      { pid: 101, ppid: 100, name: 'loky worker', rssPages: 7000, sharedPages: 2000 }
    );
    table.setKernels([kernel('a', 100)]);
    look();
    end(101);
    look();
    expect(table.tree('a')?.takeLost()).toEqual([
      { pid: 101, name: 'loky worker', memoryBytes: 5000 * PAGE }
    ]);
    expect(table.tree('a')?.takeLost()).toEqual([]);
  });

  it('calls a zombie lost at once, although its parent has not taken its status', () => {
    run({ pid: 100, ppid: 40 }, { pid: 101, ppid: 100, rssPages: 7000 });
    table.setKernels([kernel('a', 100)]);
    look();
    // It has no memory any more before it is a zombie.
    run({ pid: 101, ppid: 100, rssPages: 0 });
    look();
    run({ pid: 101, ppid: 100, state: 'Z', rssPages: 0 });
    look();
    look();
    expect(table.tree('a')?.takeLost()).toMatchObject([{ pid: 101, memoryBytes: 7000 * PAGE }]);
    expect(pidsOf('a')).toEqual([100]);
  });

  it.each([
    ['is gone', () => end(100)],
    ['is a zombie', () => run({ pid: 100, ppid: 40, state: 'Z' })]
  ])('reports no lost workers when the kernel itself %s', (_, die) => {
    run({ pid: 100, ppid: 40 }, { pid: 101, ppid: 100 }, { pid: 99, ppid: 100 });
    table.setKernels([kernel('a', 100)]);
    look();
    end(101);
    end(99);
    die();
    look();
    expect(table.tree('a')?.alive).toBe(false);
    expect(table.tree('a')?.takeLost()).toEqual([]);
  });

  it('takes a later process with the same pid for another one', () => {
    run({ pid: 100, ppid: 40 }, { pid: 101, ppid: 100, startTicks: 5000 });
    table.setKernels([kernel('a', 100)]);
    look();
    // Through the file of the old one the system would answer ESRCH; here it is opened anew.
    end(101);
    run({ pid: 101, ppid: 40, session: 40, startTicks: 9000 });
    table.process(101)?.close();
    look();
    expect(table.tree('a')?.takeLost()).toMatchObject([{ pid: 101 }]);
    expect(pidsOf('a')).toEqual([100]);
  });

  it('notices a reused pid outside of kernels within half a minute', () => {
    run({ pid: 100, ppid: 40 }, { pid: 300, ppid: 40, startTicks: 5000 });
    table.setKernels([kernel('a', 100)]);
    look();
    run({ pid: 300, ppid: 100, session: 100, startTicks: 9000 });
    clock.advance(30_000);
    look();
    expect(pidsOf('a')).toEqual([100, 300]);
  });

  it('shows a new name after exec', () => {
    run({ pid: 100, ppid: 40 }, { pid: 101, ppid: 100, name: 'python' });
    table.setKernels([kernel('a', 100)]);
    look();
    run({ pid: 101, ppid: 100, name: 'ffmpeg' });
    look();
    end(101);
    look();
    expect(table.tree('a')?.takeLost()).toMatchObject([{ name: 'ffmpeg' }]);
  });

  it('keeps trees when only a kernel’s state changes, and makes a new one for a restarted kernel', () => {
    run({ pid: 100, ppid: 40 });
    expect(table.setKernels([kernel('a', 100)])).toBe(true);
    look();
    const before = table.tree('a');
    before?.setMemory(1e9);
    expect(table.setKernels([{ ...kernel('a', 100), state: 'busy' }])).toBe(false);
    expect(table.tree('a')).toBe(before);
    end(100);
    run({ pid: 150, ppid: 40 });
    expect(table.setKernels([kernel('a', 150)])).toBe(true);
    look();
    expect(table.tree('a')).toMatchObject({ pid: 150, alive: true, peakBytes: 0 });
    expect(pidsOf('a')).toEqual([150]);
  });

  it('does not give a restarted kernel what its predecessor left running', () => {
    run({ pid: 100, ppid: 40 }, { pid: 101, ppid: 100, session: 100 });
    table.setKernels([kernel('a', 100)]);
    look();
    end(100);
    run({ pid: 101, ppid: 1, session: 100 }, { pid: 150, ppid: 40 });
    table.setKernels([kernel('a', 150)]);
    look();
    expect(pidsOf('a')).toEqual([150]);
  });

  it('sees nobody and fails nowhere when /proc cannot be read, or a process vanishes between two reads', () => {
    run({ pid: 100, ppid: 40 });
    table.setKernels([kernel('a', 100)]);
    look();
    tree.remove('proc/100/statm');
    look();
    expect(table.tree('a')?.processes).toBe(1);
    tree.remove('proc');
    expect(look).not.toThrow();
    expect([...table.processes]).toEqual([]);
  });

  describe('with a control group', () => {
    beforeEach(() => {
      tree.write({ 'cg/cgroup.procs': '40\n100\n0\n', 'cg/below/cgroup.procs': '101\n' });
      table.close();
      table = new ProcessTable({
        procRoot: tree.procRoot,
        group: `${tree.root}/cg`,
        serverPid: 40,
        constants: { pageBytes: PAGE, ticksPerSecond: 100 },
        monotonicMs: () => clock.monotonicMs()
      });
      run({ pid: 100, ppid: 40 }, { pid: 101, ppid: 100 }, { pid: 900, ppid: 1, name: 'somebody else' });
    });

    const seen = (): number[] => [...table.processes].map(({ pid }) => pid).sort((one, other) => one - other);

    it('sees its members and those of the groups below, and nobody of the host', () => {
      table.setKernels([kernel('a', 100)]);
      look();
      expect(seen()).toEqual([40, 100, 101]);
      expect(table.ofGroup).toBe(true);
    });

    it('lists /proc when a kernel lives outside of the group', () => {
      run({ pid: 200, ppid: 40 }, { pid: 201, ppid: 200 });
      table.setKernels([kernel('a', 200)]);
      look();
      expect(pidsOf('a')).toEqual([200, 201]);
      expect(table.ofGroup).toBe(false);
    });

    it('does not list /proc because a kernel is a zombie or gone', () => {
      run({ pid: 200, ppid: 40, state: 'Z' });
      table.setKernels([kernel('a', 200), kernel('b', 777)]);
      look();
      expect(table.ofGroup).toBe(true);
    });

    describe('where the last pid that was given out can be read', () => {
      const born = (pid: number): void => tree.write({ 'proc/loadavg': `0.20 0.18 0.12 1/80 ${pid}\n` });
      /** 102 is born: a list that is read anew shows it. */
      const follow = (): void => {
        run({ pid: 102, ppid: 100 });
        tree.write({ 'cg/cgroup.procs': '40\n100\n102\n' });
      };
      beforeEach(() => {
        born(101);
        table.setKernels([kernel('a', 100)]);
        look();
        clock.advance(500);
        look();
      });

      it('reads the members anew only when a process was born since', () => {
        follow();
        look();
        expect(pidsOf('a')).toEqual([100, 101]);
        born(102);
        look();
        expect(pidsOf('a')).toEqual([100, 101, 102]);
      });

      it('goes on reading for half a second: a process has its pid before it is in the list', () => {
        born(102);
        look();
        expect(pidsOf('a')).toEqual([100, 101]);
        follow();
        clock.advance(400);
        look();
        expect(pidsOf('a')).toEqual([100, 101, 102]);
      });

      it('reads them after ten seconds in any case: one may have been moved into the group', () => {
        follow();
        clock.advance(9000);
        look();
        expect(pidsOf('a')).toEqual([100, 101]);
        clock.advance(1000);
        look();
        expect(pidsOf('a')).toEqual([100, 101, 102]);
      });

      it('reads them when a kernel is not among them', () => {
        follow();
        table.setKernels([kernel('a', 100), kernel('b', 102)]);
        look();
        expect(pidsOf('b')).toEqual([102]);
      });

      it('still sees who ended', () => {
        run({ pid: 101, ppid: 100, state: 'Z' });
        look();
        expect(pidsOf('a')).toEqual([100]);
        expect(
          table
            .tree('a')
            ?.takeLost()
            .map(({ pid }) => pid)
        ).toEqual([101]);
      });

      it.each(['0/0 0', 'nonsense'])('reads them always where it ends with %s', end => {
        tree.write({ 'proc/loadavg': `0.00 0.00 0.00 ${end}\n` });
        look();
        clock.advance(500);
        look();
        follow();
        look();
        expect(pidsOf('a')).toEqual([100, 101, 102]);
      });
    });
  });
});
