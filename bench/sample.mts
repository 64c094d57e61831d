// meter.sample.ratio, meter.sample.ratio.4g: CPU of one full sample of ours ÷ CPU of one answer of the peer's metrics
// handler, same server, same ten kernels, same pace, interleaved blocks.
import { cpuMs, sleep } from './lib/cpu.mts';
import { startKernel } from './lib/kernels.mts';
import { whenQuiet } from './lib/machine.mts';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { median } from './lib/statistics.mts';
import { openPage } from './lib/page.mts';
import { extent, times } from './lib/trial.mts';

const PAIRS = times(10, 2);
const SECONDS = 6;
/** A tab is open for hours; V8 compiles what runs once a second for a minute or two. */
const WARM_UP_MS = extent(120_000, 5000);

/** CPU that `pid` uses in some seconds in which `each` is done once a second, in ms per second. */
async function perSecond(pid: number, each?: () => Promise<void>): Promise<number> {
  const before = cpuMs(pid);
  for (let second = 0; second < SECONDS; second++) {
    const next = sleep(1000);
    await each?.();
    await next;
  }
  return (cpuMs(pid) - before) / SECONDS;
}

const server = await startServer({ memory: '8G' });
try {
  const kernels = [];
  for (let i = 0; i < 10; i++) kernels.push(await startKernel(server, `idle-${i}.ipynb`));
  const companion = server.companionPid();
  if (!companion) throw new Error(`the companion does not run:\n${server.log().slice(-2000)}`);
  const ask = async (): Promise<void> => {
    const answer = await server.fetch('/api/metrics/v1');
    if (!answer.ok) throw new Error(`/api/metrics/v1: ${answer.status}`);
    await answer.text();
  };
  const warmUp = await openPage(server);
  await sleep(WARM_UP_MS);
  warmUp.close();
  for (const [id, held] of [
    ['meter.sample.ratio', 0],
    ['meter.sample.ratio.4g', 4]
  ] as const) {
    if (held) await kernels[0]?.run(`block = b'x' * (${held} * 2**30)`, 60_000);
    await sleep(3000);
    await whenQuiet();
    const pairs: { oursMs: number; peerMs: number; ratio: number }[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      // Both once a second, as in life: what runs in a loop finds its caches warm. Ours is the whole companion while a
      // page is watching, with sending and all it does besides; of the peer's server, what it uses anyway is taken off.
      const page = await openPage(server);
      await sleep(1500);
      const oursMs = await perSecond(companion);
      page.close();
      await sleep(500);
      const idleMs = await perSecond(server.pid);
      const peerMs = (await perSecond(server.pid, ask)) - idleMs;
      pairs.push({ oursMs, peerMs, ratio: oursMs / peerMs });
    }
    record(
      {
        id,
        what: `CPU of the companion per full sample sent to one page at 1 Hz ÷ of one answer of the peer at the same pace, ten kernels${held ? ', one holding 4 GiB' : ''}; ours ${median(pairs.map(p => p.oursMs)).toFixed(2)} ms`,
        unit: 'ratio',
        value: median(pairs.map(p => p.ratio)),
        n: PAIRS,
        peer: {
          name: 'jupyter-resource-usage 1.3.0, ms',
          value: Number(median(pairs.map(p => p.peerMs)).toPrecision(4))
        },
        samples: pairs
      },
      'sample'
    );
  }
} finally {
  await server.stop();
}
