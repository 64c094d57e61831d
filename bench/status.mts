// server.cpu.ratio: CPU of the server per /api/status request, meter watched ÷ Labkeeper off, interleaved blocks.
import { cpuMs, sleep } from './lib/cpu.mts';
import { startKernel } from './lib/kernels.mts';
import { whenQuiet } from './lib/machine.mts';
import { openPage } from './lib/page.mts';
import { record } from './lib/result.mts';
import { type IServer, startServer } from './lib/server.mts';
import { upperBound95 } from './lib/statistics.mts';
import { times } from './lib/trial.mts';

const BLOCKS = times(10, 4);
const REQUESTS = 300;

async function prepared(environment: Record<string, string>): Promise<IServer> {
  const server = await startServer({ environment });
  for (let i = 0; i < 3; i++) await startKernel(server, `idle-${i}.ipynb`);
  return server;
}

const on = await prepared({});
const off = await prepared({ LABKEEPER_DISABLE: '1' });
const page = await openPage(on);
const ratios: { onMs: number; offMs: number; ratio: number }[] = [];
try {
  const block = async (server: IServer) => {
    const before = cpuMs(server.pid);
    for (let i = 0; i < REQUESTS; i++) await (await server.fetch('/api/status')).text();
    return (cpuMs(server.pid) - before) / REQUESTS;
  };
  await block(on);
  await block(off);
  await sleep(2000);
  await whenQuiet();
  for (let i = 0; i < BLOCKS; i++) {
    const first = i % 2 === 0;
    const a = await block(first ? on : off);
    const b = await block(first ? off : on);
    const [onMs, offMs] = first ? [a, b] : [b, a];
    ratios.push({ onMs, offMs, ratio: onMs / offMs });
  }
} finally {
  page.close();
  await on.stop();
  await off.stop();
}
record(
  {
    id: 'server.cpu.ratio',
    what: 'CPU of the server per /api/status request, meter watched ÷ off; upper 95 % bound of the mean',
    unit: 'ratio',
    value: upperBound95(ratios.map(r => r.ratio)),
    n: BLOCKS,
    samples: ratios
  },
  'status'
);
