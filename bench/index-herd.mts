// index.herd: how often our index asks its source for one file of 200 MB that 1 000 clients ask for at once, each reading it to
// its end. All bytes are counted, ten clients hash them. The 200 GB pass through this machine's loopback: some ten minutes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sendHerd } from './lib/herd-clients.mts';
import { HerdUpstream } from './lib/herd-upstream.mts';
import { IndexService } from './lib/index-service.mts';
import { record } from './lib/result.mts';
import { extent, times } from './lib/trial.mts';

const CLIENTS = times(1000, 200);
const MEGABYTES = extent(200, 5);
const HASHING = 10;

const upstream = await HerdUpstream.start(MEGABYTES);
const folder = mkdtempSync(join(tmpdir(), 'labkeeper-bench-index-'));
const index = await IndexService.start({ upstream: upstream.file.url, folder, blocks: 'previews' });
try {
  const beganAtMs = performance.now();
  const url = new URL(`../files/${HerdUpstream.path}`, index.url).href;
  const clients = await sendHerd({ url, clients: CLIENTS, hashing: HASHING });
  const seconds = (performance.now() - beganAtMs) / 1000;
  const wrong = clients.filter(
    ({ status, bytes, sha256, error }) =>
      status !== 200 ||
      error !== null ||
      bytes !== MEGABYTES * 1e6 ||
      (sha256 !== null && sha256 !== upstream.file.sha256)
  );
  if (wrong.length > 0)
    throw new Error(`${wrong.length} clients did not get the file, as ${JSON.stringify(wrong[0])}`);
  record(
    {
      id: 'index.herd',
      what: `fetches from the source for one file of ${MEGABYTES} MB that ${CLIENTS} clients ask for at once and all get whole`,
      unit: '',
      value: await upstream.fetches(),
      n: CLIENTS,
      samples: { seconds, cpuS: index.cpuMs() / 1000, memory: index.memory() }
    },
    'index-herd'
  );
} finally {
  await index.stop();
  upstream.stop();
  rmSync(folder, { recursive: true });
}
