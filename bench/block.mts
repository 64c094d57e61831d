// save.file.block: how long the page cannot answer while a notebook of 100 MB is saved, by the schedule and asked for.
// Nobody types, and JupyterLab has done what typing makes it do: it draws the cells of a large notebook one by one, in
// tasks of 60 to 130 ms, for minutes, whether anybody saves or not. Stock JupyterLab is asked to save the same notebook.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { sleep } from './lib/cpu.mts';
import { writeNotebook } from './lib/documents.mts';
import { keepTyping, openDocument } from './lib/editing.mts';
import { command } from './lib/lab.mts';
import { whenQuiet } from './lib/machine.mts';
import { longestDuring, readLog, startLog } from './lib/page-log.mts';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { times } from './lib/trial.mts';
import { WorkAges } from './lib/work-ages.mts';

const BYTES = 100e6;
/** Saves of each kind. */
const SAVES = times(5, 1);
/** A page without a long task for so long has done what it had to do. */
const STILL_MS = 6000;
/** It must become still within this time. */
const PATIENCE_MS = 480_000;
/** A save begins and ends within this time. */
const SAVE_MS = 120_000;

/** One save: how long it took, and the longest task of the page meanwhile, in ms; 0 = none of 50 ms. */
interface ISeen {
  readonly how: 'scheduled' | 'asked';
  readonly tookMs: number;
  readonly longestMs: number;
  /** From the line until JupyterLab had done with it. */
  readonly stillAfterMs: number;
}

async function whenStill(page: Page): Promise<number> {
  const fromMs = Date.now();
  for (;;) {
    const { long } = await readLog(page);
    const lastMs = Math.max(fromMs, ...long.map(({ toMs }) => toMs));
    if (Date.now() - lastMs >= STILL_MS) return lastMs - fromMs;
    if (Date.now() - fromMs > PATIENCE_MS) throw new Error('the page did not become still');
    await sleep(500);
  }
}

async function measure(
  environment: Record<string, string>,
  kinds: readonly ISeen['how'][]
): Promise<ISeen[]> {
  const home = mkdtempSync(join(tmpdir(), 'labkeeper-block-'));
  mkdirSync(join(home, 'work'));
  writeNotebook(join(home, 'work', 'large.ipynb'), BYTES);
  const server = await startServer({ home, memory: '6G', cpu: 2, environment });
  const browser = await chromium.launch(BROWSER);
  try {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await openDocument(page, server.url, server.token, 'large.ipynb');
    await startLog(page);
    await whenStill(page);
    const document = { tag: 'large', ages: new WorkAges() };
    const seen: ISeen[] = [];
    for (let i = 0; i < SAVES; i++) {
      for (const how of kinds) {
        const { before, stillAfterMs } = await typeALine(page, document);
        const save =
          how === 'asked' ? command(page, 'docmanager:save').catch(() => undefined) : Promise.resolve();
        const untilMs = Date.now() + SAVE_MS;
        let own = await since(page, before);
        while (own.length === 0 || own.some(({ isOver }) => !isOver)) {
          if (Date.now() > untilMs) throw new Error(`no save came (${how})`);
          await sleep(250);
          own = await since(page, before);
        }
        await save;
        // A task is told of when it has ended.
        await sleep(1000);
        const { long } = await readLog(page);
        seen.push(
          ...own.map(({ fromMs, toMs }) => ({
            ...{ how, tookMs: toMs - fromMs, stillAfterMs },
            longestMs: longestDuring(long, [{ fromMs, toMs }])
          }))
        );
        console.error(JSON.stringify(seen.at(-1)));
      }
    }
    return seen;
  } finally {
    await browser.close();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Types a line and waits until the page is still; again, where it was saved meanwhile. */
async function typeALine(
  page: Page,
  document: { tag: string; ages: WorkAges }
): Promise<{ before: number; stillAfterMs: number }> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const before = (await readLog(page)).saves.length;
    await keepTyping(page, { ...document, everyMs: 1000, untilMs: Date.now() + 1000 });
    const stillAfterMs = await whenStill(page);
    if ((await readLog(page)).saves.length === before) return { before, stillAfterMs };
  }
  throw new Error('it was saved each time before the page was still');
}

/** The saves since then, and whether each is over. */
function since(page: Page, count: number): Promise<{ fromMs: number; toMs: number; isOver: boolean }[]> {
  return page.evaluate(
    count =>
      (window.benchLog?.saves ?? [])
        .slice(count)
        .map(({ fromMs, toMs }) => ({ fromMs, toMs, isOver: Number.isFinite(toMs) })),
    count
  );
}

await whenQuiet();
const ours = await measure({}, ['scheduled', 'asked']);
const stock = await measure({ LABKEEPER_DISABLE: 'save-guard' }, ['asked']);
const longest = (seen: readonly ISeen[]) => Math.max(...seen.map(({ longestMs }) => longestMs));
record(
  {
    id: 'save.file.block',
    what: "Longest task of the page's main thread during saves of a notebook of 100 MB while nobody types and nothing is drawn, by the schedule and asked for (0 = none of 50 ms)",
    unit: 'ms',
    value: longest(ours),
    n: ours.length,
    peer: { name: 'JupyterLab, asked for', value: Number(longest(stock).toPrecision(4)) },
    samples: { ours, stock }
  },
  'block'
);
