// What a notebook of 100 MB costs while it is edited for ten minutes, and how old its work gets: save.age.100m, save.duty,
// save.server.growth, save.block.p99, save.file.block. Stock JupyterLab does the same after it: beside it, each would wait
// for the other's page, which JupyterLab itself keeps busy for seconds at each line that is typed in such a notebook. For
// that reason saves are looked at while nobody types, those that the schedule makes and those that are asked for.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type Page, chromium } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { sleep } from './lib/cpu.mts';
import { DiskWatch } from './lib/disk-watch.mts';
import { writeNotebook } from './lib/documents.mts';
import { keepTyping, openDocument } from './lib/editing.mts';
import { command } from './lib/lab.mts';
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
/** Saves asked for by the user at the end, for the longest task of one. */
const ASKED = 3;
/** How long one of these may take. */
const ASKED_MS = 60_000;
/** Saves by themselves, at the end, after a line and then nothing. */
const SCHEDULED = 2;
/** A save comes by itself within this time; JupyterLab's own timer is two minutes, or ten saves long. */
const SCHEDULED_MS = 300_000;
/** From the last key until JupyterLab has done what a key makes it do. */
const STILL_MS = 8000;

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
    for (let i = 0; i < ASKED; i++) {
      await keepTyping(page, { ...document, everyMs: 1000, untilMs: Date.now() + 3000 });
      await sleep(STILL_MS);
      // Stock JupyterLab may answer with a dialog that waits for somebody: its own autosave wrote the file meanwhile.
      const saving = command(page, 'docmanager:save').catch(() => undefined);
      await Promise.race([saving, sleep(ASKED_MS)]);
      await page.keyboard.press('Escape');
    }
    const asked = await readLog(page);
    const alone = isOurs ? await saveByItself(page, document) : [];
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
      aloneLongestMs: Math.max(0, ...alone.map(({ longestMs }) => longestMs)),
      alone,
      askedLongestMs: longestDuring(asked.long.slice(long.length), asked.saves.slice(saves.length)),
      savesMs: saves.map(save => save.toMs - save.fromMs),
      askedMs: asked.saves.slice(saves.length).map(save => save.toMs - save.fromMs),
      longestTasksMs: long
        .map(task => Math.round(task.toMs - task.fromMs))
        .sort((a, b) => b - a)
        .slice(0, 20),
      growthMB,
      /** Saves for which the page sent all of the notebook. */
      sentWhole: { scheduled: scheduledWhole, asked: sentWhole - scheduledWhole },
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

/** Lets the schedule save, with nobody at the keyboard. */
async function saveByItself(page: Page, document: { tag: string; ages: WorkAges }) {
  const found: { tookMs: number; longestMs: number }[] = [];
  for (let i = 0; i < SCHEDULED; i++) {
    await keepTyping(page, { ...document, everyMs: 1000, untilMs: Date.now() + 1000 });
    await sleep(STILL_MS);
    const before = await readLog(page);
    const untilMs = Date.now() + SCHEDULED_MS;
    let now = before;
    while (now.saves.length === before.saves.length && Date.now() < untilMs) {
      await sleep(500);
      now = await readLog(page);
    }
    await sleep(ASKED_MS / 6);
    const { saves, long } = await readLog(page);
    const own = saves.slice(before.saves.length);
    if (own.length === 0) throw new Error('no save came by itself');
    found.push(
      ...own.map(save => ({ tookMs: save.toMs - save.fromMs, longestMs: longestDuring(long, [save]) }))
    );
  }
  return found;
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
record(
  {
    id: 'save.file.block',
    what: "Longest task of the page's main thread during saves of a notebook of 100 MB while nobody types, by the schedule and asked for (0 = none of 50 ms)",
    unit: 'ms',
    value: Math.max(ours.aloneLongestMs, ours.askedLongestMs),
    n: ours.alone.length + ours.askedMs.length,
    peer: { name: 'JupyterLab, asked for', value: rounded(stock.askedLongestMs) },
    samples: {
      ours: {
        alone: ours.alone,
        asked: ours.askedLongestMs,
        whileTyping: ours.longestMs,
        tasks: ours.longestTasksMs
      },
      stock: { asked: stock.askedLongestMs, whileTyping: stock.longestMs, tasks: stock.longestTasksMs }
    }
  },
  'large'
);
