// meter.sample.ratio, meter.sample.ratio.4g: CPU of one full sample of ours ÷ CPU of one answer of the peer's metrics
// handler, same server, same ten kernels, interleaved blocks.
import { cpuMs, sleep } from './lib/cpu.mts';
import { startKernel } from './lib/kernels.mts';
import { whenQuiet } from './lib/machine.mts';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { median } from './lib/statistics.mts';
import { openPage } from './lib/page.mts';
import { times } from './lib/trial.mts';

const PAIRS = times(12, 2);
const REQUESTS = 20;
const SECONDS = 8;

const server = await startServer({ memory: '8G' });
try {
  const kernels = [];
  for (let i = 0; i < 10; i++) kernels.push(await startKernel(server, `idle-${i}.ipynb`));
  const companion = server.companionPid();
  if (!companion) throw new Error(`the companion does not run:\n${server.log().slice(-2000)}`);
  const page = await openPage(server);
  for (const [id, held] of [
    ['meter.sample.ratio', 0],
    ['meter.sample.ratio.4g', 4]
  ] as const) {
    if (held) await kernels[0]?.run(`block = b'x' * (${held} * 2**30)`, 60_000);
    await sleep(3000);
    await whenQuiet();
    const pairs: { oursMs: number; peerMs: number; ratio: number }[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      // Ours: the whole companion while a page is watching at 1 Hz, so sending is in it too; the peer's answer has its own.
      const samplesBefore = page.samples.length;
      const before = cpuMs(companion);
      await sleep(SECONDS * 1000);
      const oursMs = (cpuMs(companion) - before) / Math.max(1, page.samples.length - samplesBefore);
      const serverBefore = cpuMs(server.pid);
      for (let i = 0; i < REQUESTS; i++) {
        const answer = await server.fetch('/api/metrics/v1');
        if (!answer.ok) throw new Error(`/api/metrics/v1: ${answer.status}`);
        await answer.text();
      }
      const peerMs = (cpuMs(server.pid) - serverBefore) / REQUESTS;
      pairs.push({ oursMs, peerMs, ratio: oursMs / peerMs });
    }
    record(
      {
        id,
        what: `CPU of one full sample (sent to one page) ÷ of one answer of the peer, ten kernels${held ? ', one holding 4 GiB' : ''}; ours ${median(pairs.map(p => p.oursMs)).toFixed(2)} ms`,
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
  page.close();
} finally {
  await server.stop();
}
