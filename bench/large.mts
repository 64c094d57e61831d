// What a notebook of 100 MB costs while it is edited for ten minutes, and how old its work gets: save.age.100m, save.duty,
// save.server.growth, save.block.p99. Stock JupyterLab does the same after it: beside it, each would wait
// for the other's page, which JupyterLab itself keeps busy for seconds at each line that is typed in such a notebook. What a
// save makes the page wait for is measured where nothing else goes on, see block.mts.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { DiskWatch } from './lib/disk-watch.mts';
import { writeNotebook } from './lib/documents.mts';
import { keepTyping, openDocument } from './lib/editing.mts';
import { cpuPressure, whenQuiet } from './lib/machine.mts';
import { ShortLived, watchGrowth } from './lib/memory-growth.mts';
import { BATCH_MARK, longestDuring, markBatches, readLog, sharePercent, startLog } from './lib/page-log.mts';
import { killAndRecover } from './lib/recovered.mts';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { quantile } from './lib/statistics.mts';
import { TRACE_CATEGORIES, tasksWithMark } from './lib/trace-tasks.mts';
import { times } from './lib/trial.mts';
import { WorkAges } from './lib/work-ages.mts';

const LASTS_MS = times(10, 1.5) * 60_000;
const MINUTES = `${LASTS_MS / 60_000} minutes of edits, one a second`;
const MB = 1e6;
const BYTES = 100 * MB;
/** So many minutes of typing follow for more hand-overs to the journal: of a hundred or fewer the p99 is the worst. */
const MORE_TICKS_MS = times(4, 0.5) * 60_000;

async function measure(environment: Record<string, string>, isOurs: boolean) {
  const home = mkdtempSync(join(tmpdir(), 'labkeeper-large-'));
  mkdirSync(join(home, 'work'));
  writeNotebook(join(home, 'work', 'large.ipynb'), BYTES);
  const options = { home, memory: '6G', cpu: 2, environment };
  const server = await startServer(options);
  let browser: Browser | null = null;
  try {
    browser = await chromium.launch(BROWSER);
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await markBatches(page);
    let sentWhole = 0;
    page.on('request', request => {
      if (request.method() === 'PUT' && /\/contents\//.test(request.url())) sentWhole++;
    });
    await openDocument(page, server.url, server.token, 'large.ipynb');
    const document = { tag: 'large', file: 'large.ipynb', ages: new WorkAges() };
    const growth = watchGrowth(server.pid);
    const companion = isOurs ? server.companionPid() : null;
    const companionGrowth = companion === null ? () => 0 : watchGrowth(companion);
    const helpers = new ShortLived(() => server.companionPid());
    await startLog(page);
    if (isOurs) await browser.startTracing(page, { categories: TRACE_CATEGORIES });
    const watch = new DiskWatch(server, [document]);
    const fromMs = Date.now();
    await keepTyping(page, { ...document, everyMs: 1000, untilMs: fromMs + LASTS_MS });
    const toMs = Date.now();
    await watch.stop();
    const age = document.ages.ages('disk', toMs);
    const fileAge = document.ages.ages('file', toMs);
    helpers.stop();
    const traced = isOurs ? [tasksWithMark(await browser.stopTracing(), BATCH_MARK)] : [];
    const { saves, long } = await readLog(page);
    const growthMB = {
      server: growth() / MB,
      companion: companionGrowth() / MB,
      helpers: helpers.peakBytes / MB
    };
    const scheduledWhole = sentWhole;
    if (isOurs) {
      await browser.startTracing(page, { categories: TRACE_CATEGORIES });
      await keepTyping(page, { ...document, everyMs: 1000, untilMs: Date.now() + MORE_TICKS_MS });
      traced.push(tasksWithMark(await browser.stopTracing(), BATCH_MARK));
    }
    return {
      age,
      fileAge,
      dutyPercent: sharePercent(saves, { fromMs, toMs }),
      longestMs: longestDuring(long, saves),
      savesMs: saves.map(save => save.toMs - save.fromMs),
      longestTasksMs: long
        .map(task => Math.round(task.toMs - task.fromMs))
        .sort((a, b) => b - a)
        .slice(0, 20),
      growthMB,
      /** Saves for which the page sent all of the notebook. */
      sentWhole: scheduledWhole,
      ticks: traced.flatMap(({ tasks }) => tasks),
      /** Hand-overs whose task the trace does not have. */
      unmatched: traced.map(({ unmatched }) => unmatched),
      recovered: isOurs ? await killAndRecover(server, options, [document]) : null
    };
  } finally {
    await browser?.close();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

const sum = (parts: Readonly<Record<string, number>>) => Object.values(parts).reduce((a, b) => a + b, 0);
const rounded = (value: number) => Number(value.toPrecision(4));

await whenQuiet();
const ours = await measure({}, true);
// Half of the time has passed, and what follows may fail.
console.error(JSON.stringify(ours));
// JupyterLab's own figures are no limit of ours: how busy the machine is while they are taken stands beside them.
const pressurePercent = cpuPressure();
const stock = { ...(await measure({ LABKEEPER_DISABLE: 'save-guard' }, false)), pressurePercent };
const { ticks, ...samples } = ours;
record(
  {
    id: 'save.age.100m',
    what: `Worst age of work that is on no disk, a notebook of 100 MB, ${MINUTES}`,
    unit: 's',
    value: ours.age.worstS,
    n: ours.age.edits,
    peer: { name: 'JupyterLab', value: rounded(stock.age.worstS) },
    samples: { ours: { age: ours.age, recovered: ours.recovered }, stock: stock.age }
  },
  'large'
);
record(
  {
    id: 'save.duty',
    what: `Share of the time in which a save of a notebook of 100 MB is under way, ${MINUTES}`,
    unit: '%',
    value: ours.dutyPercent,
    n: ours.savesMs.length,
    peer: { name: 'JupyterLab', value: rounded(stock.dutyPercent) },
    samples: { ours: samples, stock }
  },
  'large'
);
record(
  {
    id: 'save.server.growth',
    what: `Memory beyond that of the open notebook of 100 MB at its most, server, companion and its processes, ${MINUTES}`,
    unit: 'MB',
    value: sum(ours.growthMB),
    n: ours.savesMs.length,
    peer: { name: 'JupyterLab', value: rounded(stock.growthMB.server) },
    samples: { ours: ours.growthMB, stock: stock.growthMB }
  },
  'large'
);
// The figure must be of all of them: one per trace may lie in the task in which it began or ended.
if (ours.unmatched.some(count => count > 1))
  throw new Error(`the traces have no task for ${ours.unmatched.join(' and ')} hand-overs`);
record(
  {
    id: 'save.block.p99',
    what: "p99 of the main thread's task in which changes of a notebook of 100 MB are handed to the journal, from the browser's trace",
    unit: 'ms',
    value: quantile(
      ticks.map(({ ms }) => ms),
      0.99
    ),
    n: ticks.length,
    samples: ticks
  },
  'large'
);
