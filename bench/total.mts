// meter.total.ratio: CPU of everything between the kernel and the page (companion, server, the hub's proxy) for one
// sample at 1 Hz ÷ for one answer of the peer at 1 Hz, on one real hub, in interleaved blocks. In a third block nobody
// asks: what server and proxy use then they would use without either meter, so it is taken off both. Nothing is taken
// off the companion: without Labkeeper it would not run. In the peer's blocks it is not counted.
import { chromium } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { cpuMs, sleep } from './lib/cpu.mts';
import { logIn, ownToken, processesOf, startHub } from './lib/hub.mts';
import { startKernel } from './lib/kernels.mts';
import { whenQuiet } from './lib/machine.mts';
import { openPage } from './lib/page.mts';
import { record } from './lib/result.mts';
import { median } from './lib/statistics.mts';
import { extent, times } from './lib/trial.mts';

const ROUNDS = times(12, 2);
const SECONDS = extent(15, 10);
const KERNELS = 10;

const hub = await startHub({
  port: 21600,
  args: ['--memory', '4G', '--cpu', '2'],
  environment: { LABKEEPER_DEFAULT_URL: '/lab' }
});

/** Logs in, which starts the server, and leaves no page open. */
async function startServer() {
  const browser = await chromium.launch(BROWSER);
  try {
    const page = await browser.newPage();
    await logIn(page, hub);
    const token = await ownToken(page, hub);
    const url = `${hub.url}/user/researcher`;
    const headers = { Authorization: `token ${token}` };
    return {
      url,
      token,
      fetch: (path: string, init: RequestInit = {}) =>
        fetch(`${url}${path}`, { ...init, headers: { ...headers, ...init.headers } })
    };
  } finally {
    await browser.close();
  }
}

/** Mean CPU per second of each part while `doing` goes on, in ms. */
async function cpuPerSecond(pids: ReturnType<typeof processesOf>, doing: () => Promise<void>) {
  const read = () => ({
    companion: cpuMs(pids.companion),
    server: cpuMs(pids.server),
    proxy: cpuMs(pids.proxy)
  });
  const [before, start] = [read(), performance.now()];
  await doing();
  const [after, seconds] = [read(), (performance.now() - start) / 1000];
  return {
    seconds,
    companion: (after.companion - before.companion) / seconds,
    server: (after.server - before.server) / seconds,
    proxy: (after.proxy - before.proxy) / seconds
  };
}

const rounds: { oursMs: number; peerMs: number; ratio: number; blocks: unknown }[] = [];
try {
  const server = await startServer();
  for (let i = 0; i < KERNELS; i++) await startKernel(server, `idle-${i}.ipynb`);
  const pids = processesOf(hub);
  const blocks = {
    idle: async () => ({ delivered: 0, ...(await cpuPerSecond(pids, () => sleep(SECONDS * 1000))) }),
    ours: async () => {
      const page = await openPage(server);
      // What a page is told when it connects (history, past deaths) is not a sample.
      await sleep(2000);
      const before = page.samples.length;
      const cpu = await cpuPerSecond(pids, () => sleep(SECONDS * 1000));
      const delivered = page.samples.length - before;
      page.close();
      await sleep(1000);
      return { delivered, ...cpu };
    },
    peer: async () => {
      const cpu = await cpuPerSecond(pids, async () => {
        const start = performance.now();
        for (let i = 0; i < SECONDS; i++) {
          await sleep(Math.max(0, start + i * 1000 - performance.now()));
          const answer = await server.fetch('/api/metrics/v1');
          if (!answer.ok) throw new Error(`/api/metrics/v1: ${answer.status}`);
          await answer.text();
        }
        await sleep(Math.max(0, start + SECONDS * 1000 - performance.now()));
      });
      return { delivered: SECONDS, ...cpu };
    }
  };
  // The first of each is not like the others: code is compiled, caches are filled.
  for (const block of Object.values(blocks)) await block();
  for (let round = 0; round < ROUNDS; round++) {
    await whenQuiet();
    const measured = { idle: await blocks.idle(), ours: await blocks.ours(), peer: await blocks.peer() };
    const { idle, ours, peer } = measured;
    if (ours.delivered === 0) throw new Error('no sample was delivered');
    const carried = (block: typeof ours) => block.server + block.proxy - idle.server - idle.proxy;
    const oursMs = ((ours.companion + carried(ours)) * ours.seconds) / ours.delivered;
    const peerMs = (carried(peer) * peer.seconds) / peer.delivered;
    rounds.push({ oursMs, peerMs, ratio: oursMs / peerMs, blocks: measured });
  }
} finally {
  await hub.stop();
}
const oursMs = median(rounds.map(r => r.oursMs)).toFixed(2);
record(
  {
    id: 'meter.total.ratio',
    what: `CPU of companion, server and hub's proxy per sample in a page (1 Hz; ${oursMs} ms) ÷ per answer of the peer through the same proxy (1 Hz), ${KERNELS} idle kernels; the idle use of server and proxy is taken off both, nothing off the companion`,
    unit: 'ratio',
    value: median(rounds.map(r => r.ratio)),
    n: ROUNDS,
    peer: {
      name: 'jupyter-resource-usage 1.3.0, ms',
      value: Number(median(rounds.map(r => r.peerMs)).toPrecision(4))
    },
    samples: rounds
  },
  'total'
);
