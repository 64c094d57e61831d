// index.pip.ratio, index.uv.ratio, index.pip.cold.ratio, index.uv.cold.ratio, index.pipplan.ratio, index.uvplan.ratio: how long
// pip and uv take through our index, divided by how long they take straight from the index that this machine's pip is set to
// use, which is also ours' source. Tools without caches; each pair one after the other, in turn; the value is the median of
// the pairs' ratios. `LABKEEPER_BENCH_FIGURE=index.uv.ratio` measures that one alone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IndexService } from './lib/index-service.mts';
import { PACKAGES } from './lib/known-projects.mts';
import { machineIndex } from './lib/machine-index.mts';
import { whenQuiet } from './lib/machine.mts';
import { PackageTools, type Task } from './lib/package-tools.mts';
import { record } from './lib/result.mts';
import { median } from './lib/statistics.mts';
import { times } from './lib/trial.mts';

const PAIRS = times(10, 2);
const ONLY = process.env['LABKEEPER_BENCH_FIGURE'];
const FIGURES = (
  [
    ['index.uv.ratio', 'uv install', true],
    ['index.pip.ratio', 'pip install', true],
    ['index.uvplan.ratio', 'uv plan', true],
    ['index.pipplan.ratio', 'pip plan', true],
    ['index.uv.cold.ratio', 'uv install', false],
    ['index.pip.cold.ratio', 'pip install', false]
  ] as const
).filter(([id]) => ONLY === undefined || ONLY === id);

const direct = machineIndex();
const tools = new PackageTools();

/** Does something with our index in a folder of its own. */
async function withIndex<T>(act: (index: IndexService) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'labkeeper-bench-index-'));
  const index = await IndexService.start({ upstream: direct, folder, blocks: 'previews' });
  try {
    return await act(index);
  } finally {
    await index.stop();
    rmSync(folder, { recursive: true });
  }
}

async function pairs(
  task: Task,
  ours: () => Promise<number>
): Promise<readonly (readonly [number, number])[]> {
  const measured: [number, number][] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const ourMs = pair % 2 === 0 ? await ours() : null;
    const directMs = await tools.time(task, direct, PACKAGES);
    measured.push([ourMs ?? (await ours()), directMs]);
    console.log(`${task}: ours ${measured.at(-1)?.[0].toFixed(0)} ms, direct ${directMs.toFixed(0)} ms`);
  }
  return measured;
}

try {
  for (const [id, task, isWarm] of FIGURES) {
    await whenQuiet();
    const measured = await (isWarm
      ? withIndex(async index => {
          await tools.time(task, index.url, PACKAGES);
          return pairs(task, () => tools.time(task, index.url, PACKAGES));
        })
      : pairs(task, () => withIndex(index => tools.time(task, index.url, PACKAGES))));
    record(
      {
        id,
        what: `time of "${task}" of ${PACKAGES.length} packages through our index with ${isWarm ? 'a warm' : 'an empty'} cache, divided by direct`,
        unit: '×',
        value: median(measured.map(([ours, straight]) => ours / straight)),
        n: PAIRS,
        samples: { pairsMs: measured }
      },
      'index-tools'
    );
  }
} finally {
  tools.remove();
}
