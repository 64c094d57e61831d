// index.concurrent.failures: how many of 200 `uv pip install` that begin at the same time fail, each without a cache and into
// a folder of its own, through our index with an empty cache, whose source is the index that this machine's pip is set to use.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IndexService } from './lib/index-service.mts';
import { machineIndex } from './lib/machine-index.mts';
import { PackageTools } from './lib/package-tools.mts';
import { record } from './lib/result.mts';
import { quantile } from './lib/statistics.mts';
import { times } from './lib/trial.mts';

const TOOLS = times(200, 20);
/** Small ones: it is the index that is tried, not the disk. */
const PACKAGES = ['requests', 'jinja2', 'rich', 'click'];
/** What these need is there too. */
const INSTALLED = 12;

const folder = mkdtempSync(join(tmpdir(), 'labkeeper-bench-index-'));
const index = await IndexService.start({ upstream: machineIndex(), folder, blocks: 'previews' });
const tools = new PackageTools();
try {
  const runs = await Promise.all(
    Array.from({ length: TOOLS }, async (_, place) => {
      const target = join(tools.folder, `target-${place}`);
      const run = await tools.installInto(target, index.url, PACKAGES);
      const found = run.code === 0 ? readdirSync(target).filter(name => name.endsWith('.dist-info')) : [];
      return { ...run, installed: found.length };
    })
  );
  const failed = runs.filter(({ code, installed }) => code !== 0 || installed < INSTALLED);
  for (const { said, installed } of failed.slice(0, 5))
    console.error(`${installed} installed: ${said.slice(-600)}`);
  record(
    {
      id: 'index.concurrent.failures',
      what: `of ${TOOLS} simultaneous installs by uv through our index with an empty cache: failed, or incomplete`,
      unit: '',
      value: failed.length,
      n: TOOLS,
      samples: {
        packages: PACKAGES,
        installed: [...new Set(runs.map(({ installed }) => installed))],
        seconds: {
          p50: quantile(
            runs.map(({ ms }) => ms / 1000),
            0.5
          ),
          worst: Math.max(...runs.map(({ ms }) => ms / 1000))
        },
        failed: failed.map(({ code, said }) => ({ code, said: said.slice(-600) })),
        memory: index.memory()
      }
    },
    'index-concurrent'
  );
} finally {
  tools.remove();
  await index.stop();
  rmSync(folder, { recursive: true });
}
