// index.rss: memory of the process of our index after 103 cold project pages, all asked for at once, the largest among them,
// in both forms; a plan and an install of 30 packages by pip and by uv; and 300 pages of the largest project, compressed and
// not. From the index that this machine's pip is set to use. The value is what is resident right after; the peak, and what is
// resident ten seconds later, are in the samples.
import { setTimeout as pause } from 'node:timers/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IndexService } from './lib/index-service.mts';
import { PACKAGES, PROJECTS } from './lib/known-projects.mts';
import { PackageTools, type Task } from './lib/package-tools.mts';
import { PageAsker } from './lib/page-asker.mts';
import { recordPages } from './lib/recorded-pages.mts';
import { machineIndex } from './lib/machine-index.mts';
import { record } from './lib/result.mts';
import { isTrial } from './lib/trial.mts';

const JSON_FORM = 'application/vnd.pypi.simple.v1+json';
const TIMES = 300;
const TASKS: readonly Task[] = isTrial
  ? ['uv plan', 'uv install']
  : ['pip plan', 'uv plan', 'pip install', 'uv install'];

const pages = await recordPages(PROJECTS);
const [largest] = [...pages].sort((one, other) => other.body.length - one.body.length);
const folder = mkdtempSync(join(tmpdir(), 'labkeeper-bench-index-'));
const index = await IndexService.start({ upstream: machineIndex(), folder, blocks: 'previews' });
const tools = new PackageTools();
const asker = new PageAsker();
const stages: Record<string, ReturnType<IndexService['memory']>> = { start: index.memory() };
const note = (stage: string): void => {
  stages[stage] = index.memory();
  console.log(stage.padEnd(24), JSON.stringify(stages[stage]));
};
try {
  for (const accept of [JSON_FORM, 'text/html']) {
    const answers = await Promise.all(
      PROJECTS.map(async name => {
        const answer = await fetch(`${index.url}${name}/`, { headers: { accept } });
        return { name, status: answer.status, bytes: (await answer.arrayBuffer()).byteLength };
      })
    );
    const failed = answers.filter(({ status }) => status !== 200);
    if (failed.length > 0) throw new Error(`pages that did not come: ${JSON.stringify(failed)}`);
    note(`${PROJECTS.length} pages, ${accept}`);
  }
  for (const task of TASKS) {
    await tools.time(task, index.url, PACKAGES);
    note(task);
  }
  const url = `${index.url}${largest!.name}/`;
  for (const encoding of ['gzip', 'identity']) {
    await asker.ask({ url, headers: { accept: JSON_FORM, 'accept-encoding': encoding }, times: TIMES });
    note(`largest page, ${encoding}`);
  }
  const { rss } = index.memory();
  await pause(10_000);
  note('ten seconds later');
  record(
    {
      id: 'index.rss',
      what: `resident memory of the index's process after ${PROJECTS.length} cold pages at once in two forms, plans and installs of ${PACKAGES.length} packages, and ${2 * TIMES} times the page of ${largest!.name}`,
      unit: 'MB',
      value: rss,
      n: 1,
      samples: { stages, tasks: TASKS }
    },
    'index-rss'
  );
} finally {
  asker.stop();
  tools.remove();
  await index.stop();
  rmSync(folder, { recursive: true });
}
