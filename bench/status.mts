// server.cpu.ratio: CPU of the server per /api/status request, meter watched ÷ Labkeeper off. Two Python processes of the
// same program already differ by some percent for their whole life (where their memory came to lie), so each pair of
// servers is started afresh, one or the other first by turns; within a pair the blocks alternate.
import { cpuMs, sleep } from './lib/cpu.mts';
import { startKernel } from './lib/kernels.mts';
import { whenQuiet } from './lib/machine.mts';
import { openPage } from './lib/page.mts';
import { record } from './lib/result.mts';
import { type IServer, startServer } from './lib/server.mts';
import { upperBound95 } from './lib/statistics.mts';
import { times } from './lib/trial.mts';

const PAIRS = times(24, 2);
/** Of each server, per pair. */
const BLOCKS = 4;
const REQUESTS = 400;

async function prepared(environment: Record<string, string>): Promise<IServer> {
  const server = await startServer({ environment });
  for (let i = 0; i < 3; i++) await startKernel(server, `idle-${i}.ipynb`);
  return server;
}

/** CPU per request, in ms. */
async function block(server: IServer): Promise<number> {
  const before = cpuMs(server.pid);
  for (let i = 0; i < REQUESTS; i++) await (await server.fetch('/api/status')).text();
  return (cpuMs(server.pid) - before) / REQUESTS;
}

/** A fresh pair of servers: mean CPU per request of each, in ms. */
async function measurePair(onFirst: boolean): Promise<{ onMs: number; offMs: number }> {
  const servers: IServer[] = [];
  const start = async (environment: Record<string, string>) => {
    const server = await prepared(environment);
    servers.push(server);
    return server;
  };
  const startOff = () => start({ LABKEEPER_DISABLE: '1' });
  try {
    const early = onFirst ? null : await startOff();
    const on = await start({});
    const off = early ?? (await startOff());
    const page = await openPage(on);
    await block(on);
    await block(off);
    await sleep(2000);
    await whenQuiet();
    const sums = { onMs: 0, offMs: 0 };
    for (let i = 0; i < BLOCKS; i++) {
      // Which is first alternates, so that a drift of the machine hits both alike.
      for (const isOn of i % 2 === 0 ? [true, false] : [false, true])
        sums[isOn ? 'onMs' : 'offMs'] += await block(isOn ? on : off);
    }
    page.close();
    return { onMs: sums.onMs / BLOCKS, offMs: sums.offMs / BLOCKS };
  } finally {
    for (const server of servers) await server.stop();
  }
}

const pairs: { onMs: number; offMs: number; ratio: number }[] = [];
for (let pair = 0; pair < PAIRS; pair++) {
  const { onMs, offMs } = await measurePair(pair % 2 === 0);
  pairs.push({ onMs, offMs, ratio: onMs / offMs });
}
record(
  {
    id: 'server.cpu.ratio',
    what: 'CPU of the server per /api/status request, meter watched ÷ off; upper 95 % bound of the mean over fresh pairs of servers',
    unit: 'ratio',
    value: upperBound95(pairs.map(r => r.ratio)),
    n: PAIRS,
    samples: pairs
  },
  'status'
);
