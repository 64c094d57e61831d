/**
 * Prints what one full sample costs, with ten idle Python kernels below this process.
 *
 *     npx esbuild companion/test/measure-sample.mts --bundle --platform=node --format=esm \
 *       --alias:@labkeeper/core=./packages/core/src --alias:@labkeeper/protocol=./packages/protocol/src \
 *       --external:systeminformation --outfile=node_modules/.cache/measure-sample.mjs &&
 *     node node_modules/.cache/measure-sample.mjs
 *
 * The kernels are `python -m ipykernel_launcher` where ipykernel is installed. CPU is that of this process, user and
 * system, so other processes on the machine disturb it little; samples are taken 200 ms apart, because a loop
 * without pauses is faster than life.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Kernel } from '@labkeeper/protocol';
import { createObserver } from '../src/sampling/create-observer.js';

const KERNELS = 10;
const SAMPLES = 100;

const children: ChildProcess[] = [];
const observer = createObserver({
  homePath: tmpdir(),
  environment: process.env,
  serverPid: process.pid,
  ownPid: process.pid
});
try {
  for (let index = 0; index < KERNELS; index += 1) {
    children.push(
      spawn(
        'python3',
        ['-m', 'ipykernel_launcher', '-f', `${tmpdir()}/measure-sample-${process.pid}-${index}.json`],
        {
          detached: true,
          stdio: 'ignore'
        }
      )
    );
  }
  observer.setKernels(children.map(kernelOf));
  await pause(15_000);
  await report('nothing (what measuring costs)', () => undefined);
  await report('one full sample', () => void observer.sample(Date.now()));
  await report('memory alone', () => void observer.memory(Date.now()));
  await report('counters', () => void observer.counters(Date.now()));
  await report('limit', () => void observer.limit());
  const { kernels, memory } = observer.sample(Date.now());
  console.log(
    `kernels seen: ${kernels.length}, of ${Math.round((kernels[0]?.memoryBytes ?? 0) / 1e6)} MB and`
  );
  console.log(
    `${kernels[0]?.processes} processes each; container: ${Math.round((memory?.usageBytes ?? 0) / 1e6)} MB`
  );
  for (const [name, { totalMs, runs, reason }] of Object.entries(observer.metrics())) {
    console.log(`  ${name.padEnd(9)} ${((totalMs / runs) * 1000).toFixed(0).padStart(5)} µs ${reason ?? ''}`);
  }
} finally {
  observer.close();
  children.forEach(child => child.kill('SIGKILL'));
}

async function report(what: string, call: () => void): Promise<void> {
  const costs: number[] = [];
  for (let index = 0; index < SAMPLES; index += 1) {
    await pause(200);
    const before = process.cpuUsage();
    call();
    const { user, system } = process.cpuUsage(before);
    costs.push(user + system);
  }
  costs.sort((one, other) => one - other);
  const at = (share: number): number => costs[Math.floor(share * (costs.length - 1))] ?? NaN;
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  console.log(
    `${what}: mean ${mean.toFixed(0)} µs, p50 ${at(0.5)} µs, p95 ${at(0.95)} µs of CPU (n=${costs.length})`
  );
}

function kernelOf(child: ChildProcess, index: number): Kernel {
  return {
    kernelId: `kernel-${index}`,
    pid: child.pid ?? null,
    kernelName: 'python3',
    path: null,
    title: `kernel ${index}`,
    owner: 'other',
    state: 'idle',
    stateSinceMs: Date.now()
  };
}
