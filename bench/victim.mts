// victim.server: fifty real memory deaths beside eight other kernels in a small cgroup; how often was the server hit?
import { setTimeout as sleep } from 'node:timers/promises';
import { existsSync } from 'node:fs';
import { startKernel } from './lib/kernels.mts';
import { openPage } from './lib/page.mts';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { times } from './lib/trial.mts';

const DEATHS = times(50, 3);
/** Eight kernels of about 60 MB beside a server of about 135 MB, as in the measurement that killed the server. */
const MEMORY = '900M';

const rows: { death: number; server: 'alive' | 'killed'; cause: string }[] = [];
let server = await startServer({ memory: MEMORY });
let page = await openPage(server);
const fill = async () => {
  for (let i = 0; i < 8; i++) await startKernel(server, `other-${i}.ipynb`);
};
await fill();
try {
  for (let death = 0; death < DEATHS; death++) {
    const hog = await startKernel(server, `hog-${death}.ipynb`);
    // Many small blocks: the hog is not yet the biggest process when memory runs out is the hard case, so the others grow too.
    hog.send("rows = []\nwhile True: rows.append(b'x' * 4_000_000)");
    let cause = 'none';
    try {
      cause = (await page.death(d => d.evidence.kernel.kernelId === hog.id, 20_000)).death.verdict.cause;
    } catch {
      // No word within 20 s: the server's state below says why.
    }
    const alive = existsSync(`/proc/${server.pid}`);
    rows.push({ death, server: alive ? 'alive' : 'killed', cause });
    hog.close();
    if (alive) {
      await server.fetch(`/api/kernels/${hog.id}`, { method: 'DELETE' });
      await sleep(200);
    } else {
      console.log(`  death ${death}: the server was killed`);
      await server.stop();
      server = await startServer({ memory: MEMORY });
      page = await openPage(server);
      await fill();
    }
  }
} finally {
  page.close();
  await server.stop();
}
record(
  {
    id: 'victim.server',
    what: 'Servers killed in real memory deaths beside eight other kernels',
    unit: 'servers',
    value: rows.filter(r => r.server === 'killed').length,
    n: rows.length,
    samples: rows
  },
  'victim'
);
