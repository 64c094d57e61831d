/**
 * The observer on the real thing: control groups (v1) made here, real processes, a real out-of-memory kill and real
 * throttling. Needs root and v1 controllers; v2 is tested in a small machine of its own.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Kernel } from '@labkeeper/protocol';
import type { IObserver } from '../src/observer.js';
import { createObserver } from '../src/sampling/create-observer.js';
import { until } from './until.js';

const CONTROLLERS = ['memory', 'cpu', 'cpuacct', 'pids'];
const NAME = `labkeeper-observer-test-${process.pid}`;
const LIMIT_BYTES = 100 * 2 ** 20;

const reason = whyNot();
const suite = reason === null ? describe : describe.skip;

function whyNot(): string | null {
  try {
    CONTROLLERS.forEach(name => accessSync(`/sys/fs/cgroup/${name}/release_agent`, constants.W_OK));
    accessSync('/usr/bin/env', constants.X_OK);
    return null;
  } catch {
    return 'not root, or no cgroup v1 controllers that can be written';
  }
}

function file(controller: string, name: string): string {
  return `/sys/fs/cgroup/${controller}/${NAME}/${name}`;
}

/** Starts a Python program inside the group, in a session of its own as jupyter_client does. */
function startInside(code: string): ChildProcess {
  const join = CONTROLLERS.map(name => `echo $$ > ${file(name, 'cgroup.procs')}`).join(' && ');
  return spawn('/bin/sh', ['-c', `${join} && exec python3 -c "$1"`, 'sh', code], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit']
  });
}

/** Resolves when the child prints a whole line that begins with `word`. */
function said(child: ChildProcess, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (more: Buffer) => {
      text += more.toString();
      // The last piece may be half a line.
      const line = text
        .split('\n')
        .slice(0, -1)
        .find(each => each.startsWith(word));
      if (line !== undefined) {
        resolve(line);
      }
    });
    child.once('exit', () => reject(new Error(`ended before it said ${word}`)));
  });
}

function kernel(pid: number): Kernel {
  return {
    kernelId: 'real',
    pid,
    kernelName: 'python3',
    path: null,
    title: 'real',
    owner: 'notebook',
    state: 'busy',
    stateSinceMs: 0
  };
}

/** Holds 40 MB, forks on command, spins on command. */
const KERNEL = `
import os, sys, time, threading
held = bytearray(os.urandom(40_000_000))
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
print('ready', flush=True)
for line in sys.stdin:
    if line.startswith('hog'):
        pid = os.fork()
        if pid == 0:
            print('forked', os.getpid(), flush=True)
            sys.stdin.readline()
            more = []
            while True:
                more.append(bytearray(os.urandom(2_000_000)))
        else:
            os.waitpid(pid, 0)
            print('reaped', flush=True)
    elif line.startswith('spin'):
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            pass
        print('spun', flush=True)
`;

suite(`a real control group${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let observer: IObserver;
  let server: ChildProcess;
  let child: ChildProcess;
  let serverPid: number;
  let kernelPid: number;

  beforeAll(async () => {
    CONTROLLERS.forEach(name => mkdirSync(`/sys/fs/cgroup/${name}/${NAME}`));
    writeFileSync(file('memory', 'memory.limit_in_bytes'), String(LIMIT_BYTES));
    writeFileSync(file('pids', 'pids.max'), '64');
    server = startInside('import sys; print("ready", flush=True); sys.stdin.read()');
    child = startInside(KERNEL);
    await Promise.all([said(server, 'ready'), said(child, 'ready')]);
    serverPid = server.pid ?? 0;
    kernelPid = child.pid ?? 0;
    observer = createObserver({ homePath: tmpdir(), environment: {}, serverPid, gpu: false });
    observer.setKernels([kernel(kernelPid)]);
  }, 30_000);

  afterAll(async () => {
    observer.close();
    const ended = [server, child].map(each => new Promise(resolve => each.once('exit', resolve)));
    [server, child].forEach(each => each.kill('SIGKILL'));
    await Promise.all(ended);
    await pause(50);
    CONTROLLERS.forEach(name => rmdirSync(`/sys/fs/cgroup/${name}/${NAME}`));
  });

  it('shows limit, use and the kernel’s part of it', () => {
    const sample = observer.sample(Date.now());
    expect(sample.memory).toMatchObject({ limitBytes: LIMIT_BYTES, limitSource: 'cgroup' });
    const memory = sample.memory;
    expect(memory?.usageBytes).toBe((memory?.unreclaimableBytes ?? 0) + (memory?.cacheBytes ?? 0));
    expect(memory?.unreclaimableBytes).toBeGreaterThan(40_000_000);
    expect(memory?.peakBytes).toBeGreaterThanOrEqual(40_000_000);
    expect(sample.processes).toEqual({ current: 3, limit: 64 });
    expect(sample.kernels).toHaveLength(1);
    expect(sample.kernels[0]).toMatchObject({ kernelId: 'real', processes: 1, threads: 2 });
    expect(sample.kernels[0]?.memoryBytes).toBeGreaterThan(40_000_000);
    expect(sample.kernels[0]?.memoryBytes).toBeLessThan(60_000_000);
  });

  it('shows the kernel’s CPU, its quota and its throttling', async () => {
    expect(observer.throttling()).toBeNull();
    writeFileSync(file('cpu', 'cpu.cfs_quota_us'), '20000');
    observer.sample(Date.now());
    const spun = said(child, 'spun');
    child.stdin?.write('spin\n');
    await spun;
    const { cpu, kernels } = observer.sample(Date.now());
    expect(observer.throttling()?.throttled).toBeGreaterThan(0);
    writeFileSync(file('cpu', 'cpu.cfs_quota_us'), '-1');
    expect(cpu?.quotaCores).toBe(0.2);
    // A fifth of a core, or less where other tests keep the machine busy; then it is throttled less too.
    expect(cpu?.throttledShare).toBeGreaterThan(0.2);
    expect(cpu?.usedCores).toBeGreaterThan(0.02);
    expect(cpu?.usedCores).toBeLessThan(0.3);
    expect(Math.abs((kernels[0]?.cpuCores ?? NaN) - (cpu?.usedCores ?? NaN))).toBeLessThan(0.05);
    observer.sample(Date.now());
    expect(observer.throttling()).toBeNull();
  });

  it('makes the kernel a likelier victim than the server, and puts it back', () => {
    const score = (pid: number): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
    const baseline = score(serverPid);
    observer.protectServer(true);
    expect([score(serverPid), score(kernelPid)]).toEqual([baseline, Math.min(1000, baseline + 500)]);
    expect(score(process.pid)).toBe(baseline);
    observer.protectServer(false);
    expect([score(serverPid), score(kernelPid)]).toEqual([baseline, baseline]);
  });

  it('counts a worker’s death by the limit, and names the worker while the kernel lives', async () => {
    const before = observer.counters(Date.now());
    const forked = said(child, 'forked');
    const reaped = said(child, 'reaped');
    child.stdin?.write('hog\n');
    const workerPid = Number((await forked).split(' ')[1]);
    observer.sample(Date.now());
    child.stdin?.write('go\n');
    // As the companion's fast watch does; a sample in between notes what the worker held.
    await until(() => {
      observer.sample(Date.now());
      return (observer.counters(Date.now()).oomKill ?? 0) > (before.oomKill ?? 0);
    });
    await reaped;
    const after = observer.counters(Date.now());
    expect(after.cgroupVersion).toBe(1);
    expect(after.oomKill).toBe((before.oomKill ?? NaN) + 1);
    expect(after.limitHit).toBeGreaterThan(before.limitHit ?? NaN);
    expect(after.machineOomKill).toBe((before.machineOomKill ?? NaN) + 1);
    observer.sample(Date.now());
    const lost = observer.takeLostWorkers('real');
    expect(lost.map(({ pid }) => pid)).toEqual([workerPid]);
    expect(lost[0]?.name).toMatch(/^python/);
    expect(lost[0]?.memoryBytes).toBeGreaterThan(40_000_000);
    expect(observer.sample(Date.now()).kernels).toMatchObject([{ processes: 1 }]);
  }, 30_000);

  it('has no row for the kernel once it is killed, and no lost workers', async () => {
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect(observer.sample(Date.now()).kernels).toEqual([]);
    expect(observer.takeLostWorkers('real')).toEqual([]);
    expect(observer.memory(Date.now())?.unreclaimableBytes).toBeLessThan(40_000_000);
    child = server;
  });
});
