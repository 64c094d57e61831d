// companion.charge: what the container's cgroup is charged with Labkeeper, less without it; alternating starts.
import { readFileSync } from 'node:fs';
import { sleep } from './lib/cpu.mts';
import { startKernel } from './lib/kernels.mts';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { median } from './lib/statistics.mts';
import { times } from './lib/trial.mts';

const ROUNDS = times(5, 1);

/** Memory of the group that cannot be given back, and all of it, in bytes. */
function charged(group: string): { unreclaimable: number; usage: number } {
  const read = (path: string) => readFileSync(path, 'utf8');
  try {
    const stat = Object.fromEntries(
      read(`/sys/fs/cgroup/memory/${group}/memory.stat`)
        .split('\n')
        .map(line => line.split(' '))
    );
    const usage = Number(read(`/sys/fs/cgroup/memory/${group}/memory.usage_in_bytes`));
    return {
      unreclaimable: usage - Number(stat['total_inactive_file']) - Number(stat['total_active_file']),
      usage
    };
  } catch {
    const stat = Object.fromEntries(
      read(`/sys/fs/cgroup/${group}/memory.stat`)
        .split('\n')
        .map(line => line.split(' '))
    );
    const usage = Number(read(`/sys/fs/cgroup/${group}/memory.current`));
    return { unreclaimable: usage - Number(stat['inactive_file']) - Number(stat['active_file']), usage };
  }
}

const rows: { with: ReturnType<typeof charged>; without: ReturnType<typeof charged> }[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const measure = async (environment: Record<string, string>) => {
    const server = await startServer({ environment });
    try {
      const kernel = await startKernel(server, 'one.ipynb');
      await sleep(20_000);
      kernel.close();
      return charged(server.group);
    } finally {
      await server.stop();
    }
  };
  rows.push({ with: await measure({}), without: await measure({ LABKEEPER_DISABLE: '1' }) });
}
record(
  {
    id: 'companion.charge',
    what: 'Memory the cgroup is charged (file cache left out) with Labkeeper less without, 20 s after a kernel started',
    unit: 'MB',
    value: median(rows.map(r => r.with.unreclaimable - r.without.unreclaimable)) / 1e6,
    n: ROUNDS,
    samples: rows
  },
  'charge'
);
