// record.latency, record.cpu: what it takes a companion to record an install. Measured on its own spool, in a home on the disk
// of this machine: from the call until "recorded" comes back, which is after the record was forced to the disk.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AuditDisk } from '../companion/lib/audit/audit-disk.js';
import { Spool } from '../companion/lib/audit/spool.js';
import { systemClock } from '../companion/lib/clock.js';
import { packageEvent } from '../packages/core/lib/index.js';
import { cpuMs, sleep } from './lib/cpu.mts';
import { whenQuiet } from './lib/machine.mts';
import { record } from './lib/result.mts';
import { median, quantile } from './lib/statistics.mts';
import { extent } from './lib/trial.mts';

const RECORDS = extent(2000, 200);
/** Unloaded: the one before is long done. */
const PAUSE_MS = 15;
/** Statfs(2) of tmpfs: nothing is forced to a disk there. */
const TMPFS = 0x01021994;

const home = mkdtempSync(join(homedir(), '.labkeeper-bench-'));
try {
  if (statfsSync(home).type === TMPFS) throw new Error('the home is in memory: nothing would be measured');
  const boot = randomUUID();
  const spool = new Spool({
    ...{
      disk: new AuditDisk(home, '', boot),
      boot,
      clock: systemClock,
      log: console.error,
      serverId: 'bench'
    },
    serverLives: () => false,
    grew: () => undefined,
    minute: () => undefined
  });
  await spool.start();
  const event = (number: number) =>
    packageEvent({
      ...{ action: 'install', occurredAtMs: Date.now(), observedAtMs: Date.now() },
      tool: { name: 'pip', version: '25.3' },
      environment: { id: '0123456789abcdef', kind: 'venv', python: '3.12' },
      package: {
        ...{
          ecosystem: 'pypi',
          name: `package-${number}`,
          version: '1.0',
          requested: true,
          installer: 'pip'
        },
        ...{ recordDigest: 'ab'.repeat(32), files: 120, origin: 'index' }
      },
      personal: {
        ...{ salt: 'ab'.repeat(16), prefix: '/home/researcher/.venv/project', notebook: 'model.ipynb' },
        ...{ argv: ['pip', 'install', `package-${number}`], directUrl: null }
      }
    });
  await whenQuiet();
  const latencyMs: number[] = [];
  const cpu: number[] = [];
  for (let number = 0; number < RECORDS; number++) {
    const before = cpuMs(process.pid);
    const calledAtMs = performance.now();
    const became = await spool.record([event(number)]);
    latencyMs.push(performance.now() - calledAtMs);
    cpu.push(cpuMs(process.pid) - before);
    if (became !== 'recorded') throw new Error(`an event was not recorded: ${became}`);
    await sleep(PAUSE_MS);
  }
  await spool.close(true);
  const samples = {
    latencyMs: {
      p50: quantile(latencyMs, 0.5),
      p95: quantile(latencyMs, 0.95),
      p99: quantile(latencyMs, 0.99)
    },
    cpuMs: {
      median: median(cpu),
      mean: cpu.reduce((sum, ms) => sum + ms, 0) / cpu.length,
      p95: quantile(cpu, 0.95)
    },
    all: { latencyMs, cpuMs: cpu }
  };
  record(
    {
      id: 'record.latency',
      what: `p95 from a companion's call to record an install until it is forced to the disk, one every ${PAUSE_MS} ms`,
      unit: 'ms',
      value: samples.latencyMs.p95,
      n: RECORDS,
      samples
    },
    'record'
  );
  record(
    {
      id: 'record.cpu',
      what: 'CPU that recording an install takes in a companion, mean, all threads',
      unit: 'ms',
      value: samples.cpuMs.mean,
      n: RECORDS,
      samples: { seeIn: 'record.latency' }
    },
    'record'
  );
} finally {
  rmSync(home, { recursive: true, force: true });
}
